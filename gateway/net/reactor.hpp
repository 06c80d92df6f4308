#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "gateway/net/connection.hpp"

namespace postern::net {

/// What a server's reactors share beyond Surroundings: what new connections get.
class Offer {
public:
    struct Current {
        std::shared_ptr<const smtp::SessionSettings> session;
        std::shared_ptr<const smtp::SessionSettings> for_xclients;
        std::shared_ptr<const TlsContext> tls;
    };
    explicit Offer(Current current) : current_(std::move(current)) {}

    [[nodiscard]] Current current() const {
        const std::lock_guard lock(mutex_);
        return current_;
    }
    template <class Change>
    void change(Change&& change) {
        const std::lock_guard lock(mutex_);
        change(current_);
    }

private:
    mutable std::mutex mutex_;
    Current current_;
};

/// A listener, borrowed.
struct Door {
    int descriptor = -1;
    bool implicit_tls = false;
};

/// Peers that may speak for others.
struct TrustedPeers {
    std::vector<mail::Cidr> proxies;
    std::vector<mail::Cidr> xclients;
};

/// What a server's reactors share; outlives them.
struct Reception {
    const Surroundings& surroundings;
    std::shared_ptr<Admission> admission;
    const Offer& offer;
    TrustedPeers trusted;
    std::vector<Door> doors;
};

/// One thread's event loop: accepts, reads, writes, keeps time.
class Reactor {
public:
    /// Throws std::system_error.
    explicit Reactor(const Reception& reception);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    Reactor(Reactor&&) = delete;
    Reactor& operator=(Reactor&&) = delete;

    /// The thread's body: returns when no connection is left after stop_softly() or stop_now().
    void run();
    [[nodiscard]] const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

    // For tasks of the inbox.
    void answer(std::uint64_t connection, std::uint64_t ticket, const smtp::Reply& reply);
    void resume(std::uint64_t connection, std::uint64_t ticket);
    void post(std::uint64_t connection, std::uint64_t dialogue, const std::function<void()>& task);
    void stop_softly();
    void stop_now();
    void overload_changed();

private:
    struct Entry {
        std::unique_ptr<Connection> connection;
        std::uint32_t interest = 0;              ///< as epoll knows it
        bool watched = false;                    ///< epoll knows the descriptor
        bool touched = false;                    ///< is among touched_
        std::optional<TimePoint> deadline = {};  ///< as Deadlines know it: not later than the real
    };

    void handle(std::uint64_t tag, std::uint32_t events);
    void accept_some(const Door& door);
    void admit(UniqueFd socket, const mail::IpAddress& address, std::uint16_t port,
               const Door& door);
    void receive(Accepted accepted);
    void turn_away(int socket, Refusal refusal, const Door& door);
    void listen_again();
    void stop_listening();
    void touch(std::uint64_t id);
    void run_tasks();
    void settle_touched();
    void settle(std::uint64_t id);
    void keep_deadline(std::uint64_t id, Entry& entry);
    void listen_to(std::uint64_t id, Entry& entry, std::uint32_t interest);
    void check_deadlines();
    [[nodiscard]] int wait_time() const;
    template <class Call>
    void for_each(Call&& call);

    const Reception& reception_;
    const Observer& observer_;
    UniqueFd epoll_;
    std::shared_ptr<Inbox> inbox_;
    std::vector<char> scratch_;
    std::unordered_map<std::uint64_t, Entry> entries_;
    std::vector<std::uint64_t> touched_;  ///< have to be settled before the next wait
    Deadlines deadlines_;
    bool listening_ = false;
    bool stopping_ = false;
    std::optional<TimePoint> listen_at_;  ///< after a pause for want of descriptors
};

}  // namespace postern::net
