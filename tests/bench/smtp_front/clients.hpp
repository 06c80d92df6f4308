#pragma once

/// @file Many SMTP clients in one thread: each follows a script of replies to wait for and lines to
/// send.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace postern::bench {

using Clock = std::chrono::steady_clock;

/// 127.a.b.c of the `number`th source address: five to a /24, so that limits of prefixes hold.
inline in_addr_t source_address(unsigned number) {
    constexpr unsigned kPerPrefix = 5;
    const unsigned prefix = number / kPerPrefix;
    return htonl((127U << 24U) | ((10 + prefix / 256) << 16U) | ((prefix % 256) << 8U) |
                 (1 + number % kPerPrefix));
}

inline void die(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

struct Script {
    std::vector<std::string> lines;  ///< one after each reply
    bool stay = false;               ///< idle afterwards, instead of waiting for the end
};

class Clients {
public:
    explicit Clients(std::uint16_t port) : port_(port), epoll_(::epoll_create1(0)) {}

    struct Client {
        const Script* script = nullptr;
        Clock::time_point began;
        std::size_t step = 0;
        std::string input = {};
        bool greeted = false;
        unsigned source = 0;
        std::string reply = {};  ///< last line of the last one
    };
    /// Milliseconds from connect() to the banner, of each client.
    std::vector<double> greeted_after;
    /// First digit of the first line of each client.
    std::array<unsigned, 10> first_words{};
    std::function<void(int socket)> ended =
        {};  ///< after a client has gone, by us or by the server
    std::function<void(const Client&)> heard = {};  ///< after each whole reply, before the answer
    bool local_only = false;                        ///< all come from 127.0.0.1

    int open(const Script& script, unsigned source) {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (socket < 0) die("socket");
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = local_only ? htonl(INADDR_LOOPBACK) : source_address(source);
        const int on = 1;
        (void)::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port_);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(socket, generic(&from), sizeof from) != 0) die("bind");
        const auto began = Clock::now();
        if (::connect(socket, generic(&to), sizeof to) != 0 && errno != EINPROGRESS) die("connect");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = socket;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl");
        clients_.emplace(socket, Client{&script, began, 0, {}, false, source});
        return socket;
    }
    void close(int socket) {
        ::close(socket);
        clients_.erase(socket);
    }
    /// Sends what stands outside of scripts.
    static void send(int socket, const std::string& bytes) {
        (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    [[nodiscard]] std::size_t count() const { return clients_.size(); }
    [[nodiscard]] const Client& at(int socket) const { return clients_.at(socket); }
    [[nodiscard]] bool has(int socket) const { return clients_.contains(socket); }
    /// Clients that stay and have come to the end of their script.
    [[nodiscard]] std::size_t settled() const { return settled_; }

    /// Deals with what happens within `patience`.
    void run(std::chrono::milliseconds patience) {
        std::array<epoll_event, 512> events{};
        const int got = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(patience.count()));
        for (int i = 0; i < got; ++i) handle(events.at(static_cast<std::size_t>(i)).data.fd);
    }

private:
    static sockaddr* generic(void* address) { return static_cast<sockaddr*>(address); }

    void handle(int socket) {
        const auto found = clients_.find(socket);
        if (found == clients_.end()) return;
        std::array<char, 4096> buffer{};
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            leave(socket);
            return;
        }
        Client& client = found->second;
        client.input.append(buffer.data(), static_cast<std::size_t>(got));
        if (!client.greeted) greet(client);
        while (take_reply(client)) {
            if (heard) heard(client);
            if (client.step < client.script->lines.size()) {
                send(socket, client.script->lines[client.step]);
            } else if (client.step == client.script->lines.size() && client.script->stay) {
                ++settled_;
            }
            ++client.step;
        }
    }

    void greet(Client& client) {
        client.greeted = true;
        const std::chrono::duration<double, std::milli> took = Clock::now() - client.began;
        greeted_after.push_back(took.count());
        ++first_words.at(static_cast<std::size_t>(client.input[0] - '0') % 10);
    }

    static bool take_reply(Client& client) {
        for (std::size_t at = 0;;) {
            const std::size_t lf = client.input.find('\n', at);
            if (lf == std::string::npos) return false;
            if (lf - at < 4 || client.input[at + 3] != '-') {
                client.reply = client.input.substr(at, lf - at);
                client.input.erase(0, lf + 1);
                return true;
            }
            at = lf + 1;
        }
    }

    void leave(int socket) {
        close(socket);
        if (ended) ended(socket);
    }

    const std::uint16_t port_;
    const int epoll_;
    std::unordered_map<int, Client> clients_;
    std::size_t settled_ = 0;
};

}  // namespace postern::bench
