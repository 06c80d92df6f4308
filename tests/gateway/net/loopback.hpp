#pragma once

/// @file Both ends of the loopback: a listener on a free port, and a client that a person could be.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "analyzers/base/unique_fd.hpp"

namespace postern::net::testing_support {

struct Listener {
    UniqueFd socket;
    std::uint16_t port = 0;
};

inline Listener listen_on_loopback() {
    Listener listener;
    listener.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    void* raw = &address;
    auto* generic = static_cast<sockaddr*>(raw);
    if (::bind(listener.socket.get(), generic, size) != 0 ||
        ::listen(listener.socket.get(), 128) != 0 ||
        ::getsockname(listener.socket.get(), generic, &size) != 0) {
        throw std::runtime_error("no loopback");
    }
    listener.port = ntohs(address.sin_port);
    return listener;
}

/// Blocking, with 20 s of patience.
class Client {
public:
    explicit Client(std::uint16_t port)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{20, 0};
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        const void* raw = &address;
        if (::connect(socket_.get(), static_cast<const sockaddr*>(raw), sizeof address) != 0) {
            throw std::runtime_error("cannot connect");
        }
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const int part = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 16));
            const ssize_t sent =
                tls_ ? SSL_write(tls_.get(), bytes.data(), part)
                     : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // what is missing shows in the replies
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// One whole reply, CRLF included; "" when the connection has ended.
    std::string reply() {
        std::string whole;
        for (;;) {
            const std::string line = this->line();
            whole += line;
            if (line.size() < 4 || line[3] != '-') return whole;
        }
    }
    std::string ask(std::string_view command) {
        send(std::string(command) + "\r\n");
        return reply();
    }
    /// The code of the last of `count` replies.
    std::string skip(int count) {
        std::string last;
        for (int i = 0; i < count; ++i) last = reply();
        return last.substr(0, 3);
    }

    using Configure = std::function<void(SSL_CTX* context, SSL* session)>;
    bool start_tls(const Configure& configure = {}) {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context_.get(), 0);  // what the server refuses is the question
        tls_.reset(SSL_new(context_.get()));
        if (configure) configure(context_.get(), tls_.get());
        ERR_clear_error();
        return SSL_set_fd(tls_.get(), socket_.get()) == 1 && SSL_connect(tls_.get()) == 1;
    }
    /// The common name in the server's certificate.
    std::string peer_name() {
        std::array<char, 256> name{};
        X509* certificate = SSL_get1_peer_certificate(tls_.get());
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                                  static_cast<int>(name.size()));
        X509_free(certificate);
        return name.data();
    }
    /// What a later session can resume; a copy, because the end of this one may spoil it.
    SSL_SESSION* session() { return SSL_SESSION_dup(SSL_get0_session(tls_.get())); }
    /// True as soon as the server has sent something, or ended.
    bool speaks_within(std::chrono::milliseconds patience) {
        pollfd watched{socket_.get(), POLLIN, 0};
        return !input_.empty() || ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
    }
    void end_output() { ::shutdown(socket_.get(), SHUT_WR); }
    void close() { socket_.reset(); }
    /// Closes with a reset.
    void slam() {
        const linger now{1, 0};
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        socket_.reset();
    }

private:
    std::string line() {
        for (;;) {
            const std::size_t lf = input_.find('\n');
            if (lf != std::string::npos) {
                std::string found = input_.substr(0, lf + 1);
                input_.erase(0, lf + 1);
                return found;
            }
            std::array<char, 4096> buffer{};
            const ssize_t got =
                tls_ ? SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()))
                     : ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
            if (got <= 0) return "";
            input_.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

    struct Free {
        void operator()(SSL* session) const { SSL_free(session); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    UniqueFd socket_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> tls_;
    std::string input_;
};

}  // namespace postern::net::testing_support
