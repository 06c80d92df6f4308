#include "gateway/relay/next_hop.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "gateway/relay/delivery_state.hpp"
#include "gateway/relay/hop_state.hpp"

namespace postern::relay {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::vector<std::string> system_lookup(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &list) != 0) return {};
    const std::unique_ptr<addrinfo, FreeAddresses> owner(list);
    std::vector<std::string> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        std::string text(NI_MAXHOST, '\0');
        if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(),
                          static_cast<socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST) == 0) {
            text.resize(text.find('\0'));
            addresses.push_back(std::move(text));
        }
    }
    return addresses;
}

bool needs_lookup(const std::string& host) {
    if (host.starts_with('/')) return false;
    addrinfo numeric{};
    numeric.ai_flags = AI_NUMERICHOST;
    addrinfo* list = nullptr;
    const bool name = ::getaddrinfo(host.c_str(), nullptr, &numeric, &list) != 0;
    if (list != nullptr) ::freeaddrinfo(list);
    return name;
}

}  // namespace

smtp::PeerReply hop_down() {
    return {.code = 451, .enhanced = "4.4.1", .text = "Next hop is not available, try again later"};
}

NextHopState::NextHopState(NextHopSettings settings, NextHop::Resolve resolve)
    : settings_(std::move(settings)),
      resolve_(resolve ? std::move(resolve) : NextHop::Resolve(system_lookup)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    if (settings_.tls != smtp::ClientTls::None) {
        tls_ = std::make_unique<TlsClientContext>(
            TlsClientSettings{.verify = settings_.verify_certificate, .trust = settings_.trust});
    }
}

Outcome<std::unique_ptr<Connection>, Lost> NextHopState::open(const Endpoint& endpoint) {
    auto opened = Connection::open(settings_, endpoint, settings_.tls, tls_.get(), wake_.get());
    if (!opened && opened.error().tls && settings_.tls == smtp::ClientTls::Opportunistic) {
        // After a failed handshake nobody knows what the peer has read: begin again in the clear.
        opened = Connection::open(settings_, endpoint, smtp::ClientTls::None, nullptr, wake_.get());
    }
    if (opened) ++opened_;
    return opened;
}

Outcome<Lease, HopFailure> NextHopState::take_new() {
    const std::vector<std::string> addresses = needs_lookup(settings_.host)
                                                   ? resolve_(settings_.host)
                                                   : std::vector<std::string>{settings_.host};
    std::string detail = settings_.host + " has no address";
    for (const std::string& address : addresses) {
        auto opened = open({.address = address, .port = settings_.port});
        if (opened) return Lease{.connection = std::move(opened).value()};
        detail = address + " port " + std::to_string(settings_.port) + ": " + opened.error().detail;
        if (shut_) break;
    }
    return Failure{HopFailure{.reply = hop_down(), .detail = std::move(detail)}};
}

Outcome<Lease, HopFailure> NextHopState::take() {
    close_idle();
    while (auto connection = take_kept()) {
        // A hop that does not even answer RSET in the time of a connect is worth no more patience.
        if (connection->settle(Clock::now() + settings_.connect_timeout)) {
            ++reused_;
            return Lease{.connection = std::move(connection), .reused = true};
        }
    }
    return take_new();
}

std::unique_ptr<Connection> NextHopState::take_kept() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(kept_.back());
    kept_.pop_back();
    return connection;
}

void NextHopState::give_back(std::unique_ptr<Connection> connection) {
    if (connection->session().over()) return;
    connection->idle_since = Clock::now();
    if (connection->messages < settings_.max_messages) {
        const std::lock_guard lock(mutex_);
        if (kept_.size() < settings_.max_idle && !shut_) {
            kept_.push_back(std::move(connection));
            return;
        }
    }
    connection->say_goodbye();
}

std::vector<std::unique_ptr<Connection>> NextHopState::take_stale() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point oldest = Clock::now() - settings_.idle_time;
    // Rising by idle_since: the stale ones stand first.
    const auto fresh = std::find_if(kept_.begin(), kept_.end(), [&](const auto& connection) {
        return !shut_ && connection->idle_since > oldest;
    });
    std::vector<std::unique_ptr<Connection>> stale(std::make_move_iterator(kept_.begin()),
                                                   std::make_move_iterator(fresh));
    kept_.erase(kept_.begin(), fresh);
    return stale;
}

void NextHopState::close_idle() {
    for (const auto& connection : take_stale()) connection->say_goodbye();
}

void NextHopState::shut_down() {
    shut_ = true;
    // The counter of an eventfd cannot be full after one write.
    [[maybe_unused]] const int written = ::eventfd_write(wake_.get(), 1);
    close_idle();
}

NextHopCounts NextHopState::counts() const {
    const std::lock_guard lock(mutex_);
    return {.opened = opened_, .reused = reused_, .retried = retried_, .idle = kept_.size()};
}

NextHop::NextHop(NextHopSettings settings, Resolve resolve)
    : state_(std::make_unique<NextHopState>(std::move(settings), std::move(resolve))) {}

NextHop::~NextHop() {
    state_->shut_down();
}

Outcome<Delivery, HopFailure> NextHop::begin(const Envelope& envelope) {
    auto lease = state_->take();
    if (!lease) return Failure{lease.error()};
    auto delivery = std::make_unique<Delivery::State>(*state_, envelope, std::move(lease).value());
    if (const auto refusal = delivery->refusal_by_offer()) {
        delivery->abandon();
        return Failure{HopFailure{.reply = *refusal, .detail = "the next hop does not offer it"}};
    }
    return Delivery(std::move(delivery));
}

void NextHop::close_idle() {
    state_->close_idle();
}

void NextHop::shut_down() {
    state_->shut_down();
}

NextHopCounts NextHop::counts() const {
    return state_->counts();
}

}  // namespace postern::relay
