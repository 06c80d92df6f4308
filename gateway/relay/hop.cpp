#include "gateway/relay/hop.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::relay {
namespace {

std::string spoken_name(const HopSettings& settings) {
    if (settings.host.starts_with('/')) return settings.host;
    const bool v6 = settings.host.find(':') != std::string::npos;
    return (v6 ? "[" + settings.host + "]" : settings.host) + ":" + std::to_string(settings.port);
}

}  // namespace

Hop::Hop(HopSettings settings, std::string route, HopShared& shared)
    : settings_(std::move(settings)),
      route_(std::move(route)),
      name_(spoken_name(settings_)),
      shared_(shared),
      health_(shared.health) {
    if (settings_.tls.mode != TlsMode::None) {
        tls_ = std::make_unique<TlsClientContext>(settings_.tls.trust);
    }
}

Targets Hop::targets(Clock::time_point limit) const {
    Targets targets = look_up(settings_, shared_.resolver,
                              std::min(limit, Clock::now() + settings_.connect_timeout));
    const std::lock_guard lock(mutex_);
    const auto good =
        std::find_if(targets.found.begin(), targets.found.end(),
                     [&](const auto& each) { return each.endpoint.address == good_address_; });
    // Only within one MX host: the order of those is the domain's to say.
    if (!settings_.mx && good != targets.found.end()) {
        std::rotate(targets.found.begin(), good, std::next(good));
    }
    return targets;
}

Outcome<std::unique_ptr<Connection>, Lost> Hop::open(const Target& target,
                                                     Clock::time_point limit) {
    auto opened = Connection::open(settings_, target, tls_.get(), shared_.wake, limit);
    if (!opened && opened.error().tls && target.tls == smtp::ClientTls::Opportunistic) {
        // After a failed handshake nobody knows what the peer has read: begin again in the clear.
        Target clear = target;
        clear.tls = smtp::ClientTls::None;
        opened = Connection::open(settings_, clear, nullptr, shared_.wake, limit);
    }
    if (opened) {
        ++opened_;
        const std::lock_guard lock(mutex_);
        good_address_ = target.endpoint.address;
    }
    return opened;
}

std::unique_ptr<Connection> Hop::take_kept(Clock::time_point limit) {
    close_idle();
    while (auto connection = pop_kept()) {
        // A server that does not even answer RSET in the time of a connect is worth no more
        // patience.
        if (connection->settle(std::min(limit, Clock::now() + settings_.connect_timeout))) {
            ++reused_;
            return connection;
        }
    }
    return nullptr;
}

std::unique_ptr<Connection> Hop::pop_kept() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(kept_.back());
    kept_.pop_back();
    return connection;
}

void Hop::give_back(std::unique_ptr<Connection> connection) {
    if (connection->session().over()) return;
    connection->idle_since = Clock::now();
    if (connection->messages < settings_.max_messages) {
        const std::lock_guard lock(mutex_);
        if (kept_.size() < settings_.max_idle && !shut()) {
            kept_.push_back(std::move(connection));
            return;
        }
    }
    connection->say_goodbye();
}

std::vector<std::unique_ptr<Connection>> Hop::take_stale() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point oldest = Clock::now() - settings_.idle_time;
    // Rising by idle_since: the stale ones stand first.
    const auto fresh = std::find_if(kept_.begin(), kept_.end(), [&](const auto& connection) {
        return !shut() && connection->idle_since > oldest;
    });
    std::vector<std::unique_ptr<Connection>> stale(std::make_move_iterator(kept_.begin()),
                                                   std::make_move_iterator(fresh));
    kept_.erase(kept_.begin(), fresh);
    return stale;
}

void Hop::close_idle() {
    for (const auto& connection : take_stale()) connection->say_goodbye();
}

bool Hop::up() const {
    const std::lock_guard lock(mutex_);
    return health_.up();
}

Clock::time_point Hop::due() const {
    const std::lock_guard lock(mutex_);
    return health_.due();
}

Hop::Entry Hop::enter() {
    const std::lock_guard lock(mutex_);
    if (health_.up()) return Entry::Free;
    return health_.enter() ? Entry::Counted : Entry::Full;
}

void Hop::leave() {
    const std::lock_guard lock(mutex_);
    health_.leave();
}

void Hop::failed(const std::string& detail) {
    if (shut()) return;  // that is not the server's fault
    ++failures_;
    HopChange change{.route = route_, .hop = name_, .up = false, .detail = detail};
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        news = health_.failed(Clock::now());
        change.pause = health_.pause();
    }
    if (!news) return;
    if (shared_.changed) shared_.changed(change);
    if (shared_.went_down) shared_.went_down();
}

void Hop::worked() {
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        news = health_.worked();
    }
    if (news && shared_.changed) shared_.changed({.route = route_, .hop = name_, .up = true});
}

void Hop::check() {
    const Targets where = targets(Clock::time_point::max());
    std::string detail = where.detail;
    for (const Target& target : where.found) {
        auto opened = open(target, Clock::time_point::max());
        if (opened) {
            give_back(std::move(opened).value());
            worked();
            return;
        }
        detail = target.endpoint.address + ": " + opened.error().detail;
        if (shut()) return;
    }
    failed(detail);
}

HopFigures Hop::figures() const {
    HopFigures made{.route = route_,
                    .hop = name_,
                    .counts = {.opened = opened_,
                               .reused = reused_,
                               .retried = retried_,
                               .replaced = replaced_},
                    .failures = failures_,
                    .messages = messages_};
    const std::lock_guard lock(mutex_);
    made.up = health_.up();
    made.counts.idle = kept_.size();
    return made;
}

}  // namespace postern::relay
