#include "gateway/relay/next_hop.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/relay/delivery.hpp"
#include "gateway/relay/next_hop_state.hpp"
#include "gateway/relay/replies.hpp"

namespace postern::relay {

NextHopState::NextHopState(NextHopSettings settings, dns::Resolver* resolver)
    : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    shared_.resolver = resolver;
    shared_.health = settings.health;
    shared_.changed = std::move(settings.changed);
    shared_.wake = wake_.get();
    shared_.went_down = [this] {
        {
            const std::lock_guard lock(mutex_);
            went_down_ = true;
        }
        news_.notify_one();
    };
    for (const Route& route : settings.routes) add(route);
    if (default_ == nullptr) throw std::invalid_argument("there is no route for all other domains");
    watch_ = std::jthread([this](const std::stop_token& stopping) { watch(stopping); });
}

NextHopState::~NextHopState() {
    shut_down();
}

void NextHopState::add(const Route& route) {
    routes_.push_back(std::make_unique<RouteState>(route, shared_));
    RouteState* const made = routes_.back().get();
    if (route.domains.empty()) {
        if (default_ != nullptr) throw std::invalid_argument("two routes name no domain");
        default_ = made;
    }
    for (const std::string& domain : route.domains) by_domain_.emplace(ascii_lower(domain), made);
}

RouteState& NextHopState::route(std::string_view domain) const {
    if (by_domain_.empty()) return *default_;
    if (const auto exact = by_domain_.find(domain); exact != by_domain_.end()) {
        return *exact->second;
    }
    for (std::size_t dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1)) {
        const auto above = by_domain_.find(domain.substr(dot));
        if (above != by_domain_.end()) return *above->second;
    }
    return *default_;
}

/// The server that has been down for its pause, or will be first.
Hop* NextHopState::due_first() const {
    Hop* first = nullptr;
    for (const auto& route : routes_) {
        for (const auto& hop : route->hops()) {
            if (!hop->up() && (first == nullptr || hop->due() < first->due())) first = hop.get();
        }
    }
    return first;
}

void NextHopState::watch(const std::stop_token& stopping) {
    std::unique_lock lock(mutex_);
    while (!stopping.stop_requested()) {
        went_down_ = false;
        Hop* const hop = due_first();
        if (hop == nullptr) {
            news_.wait(lock, stopping, [this] { return went_down_; });
        } else if (hop->due() > Clock::now()) {
            news_.wait_until(lock, stopping, hop->due(), [this] { return went_down_; });
        } else {
            lock.unlock();
            hop->check();
            lock.lock();
        }
    }
}

void NextHopState::shut_down() {
    shared_.shut = true;
    // The counter of an eventfd cannot be full after one write.
    [[maybe_unused]] const int written = ::eventfd_write(wake_.get(), 1);
    watch_.request_stop();
    close_idle();
}

void NextHopState::close_idle() {
    for (const auto& route : routes_) {
        for (const auto& hop : route->hops()) hop->close_idle();
    }
}

std::vector<HopFigures> NextHopState::figures() const {
    std::vector<HopFigures> made;
    for (const auto& route : routes_) {
        for (const auto& hop : route->hops()) made.push_back(hop->figures());
    }
    return made;
}

NextHop::NextHop(NextHopSettings settings, dns::Resolver* resolver)
    : state_(std::make_unique<NextHopState>(std::move(settings), resolver)) {}

NextHop::NextHop(HopSettings server, dns::Resolver* resolver)
    : NextHop(NextHopSettings{.routes = {Route{.hops = {std::move(server)}}}}, resolver) {}

NextHop::~NextHop() = default;

Outcome<Delivery, HopFailure> NextHop::begin(const Envelope& envelope) {
    if (state_->shut()) return Failure{HopFailure{.reply = kHopDown, .detail = "shutting down"}};
    return Delivery(std::make_unique<Delivery::State>(*state_, envelope));
}

Probe NextHop::probe(const mail::Mailbox& mailbox, std::chrono::milliseconds patience) {
    if (state_->shut()) return {.reply = kHopDown, .detail = "shutting down"};
    Envelope envelope;
    const std::string text = mailbox.text();
    for (const char c : text) envelope.smtputf8 |= static_cast<unsigned char>(c) > 0x7f;
    Leg leg(state_->route(mailbox.domain().text()), envelope, Clock::now() + patience);
    Probe probe{.reply = passed_on(leg.recipient({mailbox})), .detail = leg.problem()};
    if (leg.over() || !probe.detail.empty()) return probe;
    probe.answer = probe.reply.positive()    ? ProbeAnswer::Accepted
                   : probe.reply.temporary() ? ProbeAnswer::Deferred
                                             : ProbeAnswer::Refused;
    return probe;
}

void NextHop::close_idle() {
    state_->close_idle();
}

void NextHop::shut_down() {
    state_->shut_down();
}

NextHopCounts NextHop::counts() const {
    NextHopCounts sum;
    for (const HopFigures& each : state_->figures()) {
        sum.opened += each.counts.opened;
        sum.reused += each.counts.reused;
        sum.retried += each.counts.retried;
        sum.replaced += each.counts.replaced;
        sum.idle += each.counts.idle;
    }
    return sum;
}

std::vector<HopFigures> NextHop::figures() const {
    return state_->figures();
}

}  // namespace postern::relay
