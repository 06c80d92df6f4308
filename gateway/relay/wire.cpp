#include "gateway/relay/wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace postern::relay {
namespace {

constexpr std::size_t kReadSize = 16384;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

template <class Address>
SocketAddress pack(const Address& address) {
    SocketAddress packed;
    static_assert(sizeof(Address) <= sizeof(packed.storage));
    std::memcpy(&packed.storage, &address, sizeof(address));
    packed.size = sizeof(address);
    return packed;
}

std::optional<SocketAddress> socket_address(const Endpoint& to) {
    if (to.address.starts_with('/')) {
        sockaddr_un path{};
        path.sun_family = AF_UNIX;
        if (to.address.size() >= sizeof(path.sun_path)) return std::nullopt;
        std::memcpy(path.sun_path, to.address.data(), to.address.size());
        return pack(path);
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(to.port);
    if (inet_pton(AF_INET, to.address.c_str(), &v4.sin_addr) == 1) return pack(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(to.port);
    if (inet_pton(AF_INET6, to.address.c_str(), &v6.sin6_addr) == 1) return pack(v6);
    return std::nullopt;
}

const sockaddr* generic(const SocketAddress& address) {
    const void* storage = &address.storage;
    return static_cast<const sockaddr*>(storage);
}

int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    constexpr std::int64_t kLongest = std::numeric_limits<int>::max();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongest));
}

}  // namespace

std::string_view explain(WireError error) {
    switch (error) {
        case WireError::TimedOut:
            return "timed out";
        case WireError::Closed:
            return "connection lost";
        case WireError::Refused:
            return "cannot connect";
        case WireError::Tls:
            return "TLS failed";
        case WireError::ShutDown:
            return "shutting down";
    }
    return "";
}

Outcome<Wire, WireError> Wire::connect(const Endpoint& to, int wake, Clock::time_point deadline) {
    const auto address = socket_address(to);
    if (!address) return Failure{WireError::Refused};
    const int family = address->storage.ss_family;
    Wire wire(UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), wake);
    const int descriptor = wire.descriptor_.get();
    if (descriptor < 0) return Failure{WireError::Refused};
    if (family != AF_UNIX) {  // Nagle would hold small commands back for the peer's delayed ACK
        const int on = 1;
        if (::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
            return Failure{WireError::Refused};
        }
    }
    if (::connect(descriptor, generic(*address), address->size) != 0) {
        if (errno != EINPROGRESS) return Failure{WireError::Refused};
        const auto connected = wire.wait(POLLOUT, deadline);
        if (!connected) return Failure{connected.error()};
        int error = 0;
        socklen_t size = sizeof(error);
        if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
            return Failure{WireError::Refused};
        }
    }
    return wire;
}

/// Until one of `events`, an error or the end of the connection: the next call tells which.
Outcome<Done, WireError> Wire::wait(short events, Clock::time_point deadline) const {
    for (;;) {
        std::array<pollfd, 2> watched{{{descriptor_.get(), events, 0}, {wake_, POLLIN, 0}}};
        const int ready = ::poll(watched.data(), watched.size(), remaining_ms(deadline));
        if (ready < 0 && errno != EINTR) return Failure{WireError::Closed};
        if (ready > 0 && watched[1].revents != 0) return Failure{WireError::ShutDown};
        if (ready > 0) return Done{};
        if (Clock::now() >= deadline) return Failure{WireError::TimedOut};
    }
}

Outcome<std::string, WireError> Wire::receive(Clock::time_point deadline) {
    std::string buffer(kReadSize, '\0');
    for (;;) {
        // The deadline comes first: a peer that drips bytes must not extend it.
        const auto ready = wait(POLLIN, deadline);
        if (!ready) return Failure{ready.error()};
        const ssize_t got = ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            buffer.resize(static_cast<std::size_t>(got));
            return buffer;
        }
        if (got == 0) return Failure{WireError::Closed};
        if (errno != EAGAIN && errno != EINTR) return Failure{WireError::Closed};
    }
}

Outcome<Done, WireError> Wire::transmit(std::string_view bytes, Clock::time_point deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return Failure{WireError::Closed};
        const auto ready = wait(POLLOUT, deadline);
        if (!ready) return Failure{ready.error()};
    }
    return Done{};
}

Outcome<std::string, WireError> Wire::read(Clock::time_point deadline) {
    if (!tls_) return receive(deadline);
    for (;;) {
        std::string plaintext;
        const TlsClient::Progress progress = tls_->read(plaintext);
        const auto answered = transmit(tls_->take_output(), deadline);  // e.g. a key update
        if (!answered) return Failure{answered.error()};
        if (progress == TlsClient::Progress::Done) return plaintext;
        if (progress == TlsClient::Progress::Failed) return Failure{WireError::Closed};
        const auto ciphertext = receive(deadline);
        if (!ciphertext) return Failure{ciphertext.error()};
        if (!tls_->feed(*ciphertext)) return Failure{WireError::Tls};
    }
}

Outcome<Done, WireError> Wire::write(std::string_view bytes, Clock::time_point deadline) {
    if (!tls_) return transmit(bytes, deadline);
    if (tls_->write(bytes) != TlsClient::Progress::Done) return Failure{WireError::Tls};
    return transmit(tls_->take_output(), deadline);
}

Outcome<Done, WireError> Wire::start_tls(TlsClient tls, Clock::time_point deadline) {
    for (;;) {
        const TlsClient::Progress progress = tls.handshake();
        const auto sent = transmit(tls.take_output(), deadline);
        if (progress == TlsClient::Progress::Failed) {
            tls_problem_ = tls.why();
            return Failure{WireError::Tls};
        }
        if (!sent) return sent;
        if (progress == TlsClient::Progress::Done) {
            tls_ = std::move(tls);
            return Done{};
        }
        const auto ciphertext = receive(deadline);
        if (!ciphertext) return Failure{ciphertext.error()};
        if (!tls.feed(*ciphertext)) return Failure{WireError::Tls};
    }
}

bool Wire::stirred() const {
    pollfd watched{descriptor_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) != 0;
}

bool Wire::write_at_once(std::string_view bytes) {
    std::string ciphertext;
    if (tls_) {
        if (tls_->write(bytes) != TlsClient::Progress::Done) return false;
        ciphertext = tls_->take_output();
        bytes = ciphertext;
    }
    const ssize_t sent =
        ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent >= 0 && static_cast<std::size_t>(sent) == bytes.size();
}

}  // namespace postern::relay
