#include "gateway/net/server.hpp"

#include <fcntl.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "gateway/net/reactor.hpp"

namespace postern::net {
namespace {

/// Without a certificate there is nothing to offer.
Offer::Current offer_of(const std::shared_ptr<const smtp::SessionSettings>& session,
                        std::shared_ptr<const TlsContext> tls) {
    auto plain = std::make_shared<smtp::SessionSettings>(*session);
    if (!tls) plain->tls = smtp::TlsPolicy::Off;
    plain->xclient = false;
    auto xclient = std::make_shared<smtp::SessionSettings>(*plain);
    xclient->xclient = true;
    return {std::move(plain), std::move(xclient), std::move(tls)};
}

void make_non_blocking(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
        throw std::system_error(errno, std::generic_category(), "fcntl of a listener");
    }
}

/// OpenSSL writes to sockets without MSG_NOSIGNAL; a client that has gone must not end the process.
void block_broken_pipes() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    (void)::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct Server::State {
    Surroundings surroundings;
    std::shared_ptr<Admission> admission;
    std::shared_ptr<const smtp::SessionSettings> session;  ///< as given
    std::mutex session_mutex;
    std::unique_ptr<Offer> offer;
    std::vector<Listener> listeners;
    std::unique_ptr<Reception> reception;
    std::vector<std::unique_ptr<Reactor>> reactors;
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t running = 0;

    void tell_all(void (Reactor::*what)()) {
        for (const auto& reactor : reactors) {
            reactor->inbox()->post([what](Reactor& self) { (self.*what)(); });
        }
    }
};

Server::Server(ServerSettings settings, std::shared_ptr<const smtp::SessionSettings> session,
               std::shared_ptr<const TlsContext> tls, std::vector<Listener> listeners,
               DialogueFactory factory, Observer observer)
    : state_(std::make_unique<State>()) {
    State& state = *state_;
    const std::uint32_t total = settings.room == 0
                                    ? settings.max_connections
                                    : std::min(settings.max_connections, settings.room);
    state.admission = std::make_shared<Admission>(AdmissionLimits{
        total, settings.max_connections_per_client, settings.max_connections_per_prefix,
        std::move(settings.unlimited_clients)});
    state.surroundings.timeouts = settings.timeouts;
    state.surroundings.rates = settings.rates;
    state.surroundings.factory = std::move(factory);
    state.surroundings.observer = std::move(observer);
    state.surroundings.load = std::make_unique<LoadGauge>(
        state.admission,
        LoadLimits{settings.max_connections, settings.overload_share, settings.refuse_share,
                   std::move(settings.pool), settings.room},
        [&state](const Load& load) {
            if (state.surroundings.observer.overload) state.surroundings.observer.overload(load);
            state.tell_all(&Reactor::overload_changed);
        });
    state.session = session;
    state.offer = std::make_unique<Offer>(offer_of(session, std::move(tls)));
    state.listeners = std::move(listeners);
    state.reception = std::make_unique<Reception>(
        Reception{state.surroundings,
                  state.admission,
                  *state.offer,
                  {std::move(settings.proxies), std::move(settings.xclients)},
                  {}});
    for (const Listener& listener : state.listeners) {
        make_non_blocking(listener.socket.get());
        state.reception->doors.push_back({listener.socket.get(), listener.implicit_tls});
    }
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned count = settings.reactors == 0 ? cores : settings.reactors;
    for (unsigned i = 0; i < count; ++i) {
        state.reactors.push_back(std::make_unique<Reactor>(*state.reception));
    }
}

Server::~Server() {
    stop(std::chrono::milliseconds(0));
}

void Server::start() {
    State& state = *state_;
    for (const auto& reactor : state.reactors) {
        {
            const std::lock_guard lock(state.mutex);
            ++state.running;
        }
        state.threads.emplace_back([&state, &reactor = *reactor] {
            block_broken_pipes();
            reactor.run();
            const std::lock_guard lock(state.mutex);
            --state.running;
            state.ended.notify_all();
        });
    }
}

void Server::stop(std::chrono::milliseconds grace) {
    State& state = *state_;
    state.tell_all(&Reactor::stop_softly);
    {
        std::unique_lock lock(state.mutex);
        if (!state.ended.wait_for(lock, grace, [&state] { return state.running == 0; })) {
            state.tell_all(&Reactor::stop_now);
        }
    }
    for (std::thread& thread : state.threads) {
        if (thread.joinable()) thread.join();
    }
    state.listeners.clear();
}

void Server::use(std::shared_ptr<const smtp::SessionSettings> session) {
    const std::lock_guard lock(state_->session_mutex);
    state_->session = std::move(session);
    state_->offer->change([&](Offer::Current& current) {
        current = offer_of(state_->session, std::move(current.tls));
    });
}

void Server::use(std::shared_ptr<const TlsContext> tls) {
    const std::lock_guard lock(state_->session_mutex);
    state_->offer->change(
        [&](Offer::Current& current) { current = offer_of(state_->session, std::move(tls)); });
}

std::size_t Server::connections() const {
    return state_->admission->count();
}

Load Server::load() const {
    return state_->surroundings.load->measure();
}

}  // namespace postern::net
