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
std::shared_ptr<const smtp::SessionSettings> without_tls(
    const std::shared_ptr<const smtp::SessionSettings>& session) {
    if (session->tls == smtp::TlsPolicy::Off) return session;
    auto changed = std::make_shared<smtp::SessionSettings>(*session);
    changed->tls = smtp::TlsPolicy::Off;
    return changed;
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
    std::vector<UniqueFd> listeners;
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
               std::shared_ptr<const TlsContext> tls, std::vector<UniqueFd> listeners,
               DialogueFactory factory, Observer observer)
    : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.surroundings = {settings.timeouts, std::move(factory), std::move(observer)};
    state.admission =
        std::make_shared<Admission>(settings.max_connections, settings.max_connections_per_client,
                                    std::move(settings.unlimited_clients));
    state.session = session;
    state.offer = std::make_unique<Offer>(
        Offer::Current{tls ? std::move(session) : without_tls(session), std::move(tls)});
    state.listeners = std::move(listeners);
    std::vector<int> descriptors;
    for (const UniqueFd& listener : state.listeners) {
        make_non_blocking(listener.get());
        descriptors.push_back(listener.get());
    }
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned count = settings.reactors == 0 ? cores : settings.reactors;
    for (unsigned i = 0; i < count; ++i) {
        state.reactors.push_back(std::make_unique<Reactor>(state.surroundings, state.admission,
                                                           *state.offer, descriptors));
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
    state_->session = session;
    state_->offer->change([&](Offer::Current& current) {
        current.session = current.tls ? session : without_tls(session);
    });
}

void Server::use(std::shared_ptr<const TlsContext> tls) {
    const std::lock_guard lock(state_->session_mutex);
    state_->offer->change([&](Offer::Current& current) {
        current.session = tls ? state_->session : without_tls(state_->session);
        current.tls = std::move(tls);
    });
}

std::size_t Server::connections() const {
    return state_->admission->count();
}

}  // namespace postern::net
