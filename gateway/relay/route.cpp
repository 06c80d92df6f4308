#include "gateway/relay/route.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace postern::relay {

RouteState::RouteState(const Route& route, HopShared& shared) {
    if (route.hops.empty()) throw std::invalid_argument("a route has no server");
    const std::string name = route.domains.empty() ? "default" : route.domains.front();
    std::vector<HopSettings> hops = route.hops;
    std::stable_sort(hops.begin(), hops.end(),
                     [](const auto& a, const auto& b) { return a.priority < b.priority; });
    for (HopSettings& hop : hops) {
        hops_.push_back(std::make_unique<Hop>(std::move(hop), name, shared));
    }
    credit_.resize(hops_.size());
}

/// Smooth weighted round robin: each earns its weight, the richest goes first and pays the sum, so
/// that weights 3 and 1 give a a b a, not a a a b.
std::vector<Hop*> RouteState::order() {
    if (hops_.size() == 1) return {hops_.front().get()};
    std::vector<Hop*> up;
    std::vector<Hop*> down;
    const std::lock_guard lock(mutex_);
    for (std::size_t first = 0, last = 0; first < hops_.size(); first = last) {
        std::vector<std::size_t> group;
        std::int64_t sum = 0;
        for (; last < hops_.size() &&
               hops_[last]->settings().priority == hops_[first]->settings().priority;
             ++last) {
            if (!hops_[last]->up()) {
                down.push_back(hops_[last].get());
                continue;
            }
            group.push_back(last);
            // Only a choice earns: a reserve of its own priority has none.
            credit_[last] += hops_[last]->settings().weight;
            sum += hops_[last]->settings().weight;
        }
        std::stable_sort(group.begin(), group.end(),
                         [&](std::size_t a, std::size_t b) { return credit_[a] > credit_[b]; });
        if (!group.empty()) credit_[group.front()] -= sum;
        for (const std::size_t each : group) up.push_back(hops_[each].get());
    }
    std::vector<std::pair<Clock::time_point, Hop*>> by_due;
    for (Hop* each : down) by_due.emplace_back(each->due(), each);
    std::stable_sort(by_due.begin(), by_due.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& each : by_due) up.push_back(each.second);
    return up;
}

Itinerary::Itinerary(RouteState& route, Clock::time_point limit)
    : hops_(route.order()), limit_(limit) {}

Itinerary::~Itinerary() {
    leave();
}

bool Itinerary::arrive() {
    kept_asked_ = of_use_ = false;
    targets_.reset();
    target_ = 0;
    const Hop::Entry entry = hops_[at_]->enter();
    if (entry == Hop::Entry::Full) {
        problem_ = hops_[at_]->name() + " is down, and others try it already";
        met_failure_ = true;
        return false;
    }
    counted_ = entry == Hop::Entry::Counted;
    arrived_ = true;
    return true;
}

void Itinerary::leave() {
    if (std::exchange(counted_, false)) hops_[at_]->leave();
}

std::optional<Lease> Itinerary::next_here() {
    Hop& hop = *hops_[at_];
    if (!std::exchange(kept_asked_, true)) {
        if (auto kept = hop.take_kept(limit_)) return Lease{&hop, std::move(kept), true};
    }
    if (!targets_) {
        targets_ = hop.targets(limit_);
        if (!targets_->detail.empty()) problem_ = targets_->detail;
    }
    while (target_ < targets_->found.size() && !hop.shut() && Clock::now() < limit_) {
        const Target& target = targets_->found[target_++];
        auto opened = hop.open(target, limit_);
        if (opened) {
            of_use_ = true;
            return Lease{&hop, std::move(opened).value(), false};
        }
        const Endpoint& where = target.endpoint;
        problem_ =
            where.address + " port " + std::to_string(where.port) + ": " + opened.error().detail;
    }
    return std::nullopt;
}

std::optional<Lease> Itinerary::next() {
    for (; at_ < hops_.size(); ++at_, arrived_ = false) {
        if (!arrived_ && !arrive()) continue;
        auto lease = next_here();
        leave();
        if (lease) return lease;
        if (of_use_) continue;
        met_failure_ = true;
        // A caller whose own patience has ended says nothing about the server.
        if (Clock::now() < limit_) hops_[at_]->failed(problem_);
    }
    return std::nullopt;
}

void Itinerary::give_up(const std::string& detail, bool down) {
    problem_ = detail;
    met_failure_ = true;
    if (at_ < hops_.size() && down) hops_[at_]->failed(detail);
}

void Itinerary::skip_server() {
    // Each MX host has an opinion of its own.
    if (at_ >= hops_.size() || (targets_ && hops_[at_]->settings().mx)) return;
    ++at_;
    arrived_ = false;
}

}  // namespace postern::relay
