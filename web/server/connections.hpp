#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace postern::web {

/// All open connections: how many each client has, and until when each must have done what it is
/// doing. A socket timeout ends silence; only a deadline ends a client that sends a byte now and
/// then.
class Connections {
public:
    using Clock = std::chrono::steady_clock;

    explicit Connections(std::size_t per_client);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    Connections(Connections&&) = delete;
    Connections& operator=(Connections&&) = delete;

    /// One connection's entry; taken out when it goes. It must go before its socket is closed.
    class Entry {
    public:
        Entry(Connections& all, std::string client, int socket);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        Entry(Entry&&) = delete;
        Entry& operator=(Entry&&) = delete;

        /// False: this client has too many; close it.
        [[nodiscard]] bool admitted() const { return admitted_; }
        /// The socket is shut down when this passes. `idle`: nothing would be lost by ending now.
        void until(Clock::time_point deadline, bool idle);

    private:
        Connections& all_;
        std::string client_;
        std::uint64_t number_ = 0;
        bool admitted_ = false;
    };

    /// Ends idle connections now and others when they become idle.
    void stop();
    /// Ends all.
    void shut_down_all();

private:
    struct Socket {
        int descriptor = -1;
        Clock::time_point deadline = Clock::time_point::max();
        bool idle = false;
    };
    void watch();

    const std::size_t per_client_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Socket> sockets_;
    std::map<std::string, std::size_t> clients_;
    std::uint64_t next_ = 0;
    bool stopping_ = false;
    bool ended_ = false;
    std::thread watcher_;
};

}  // namespace postern::web
