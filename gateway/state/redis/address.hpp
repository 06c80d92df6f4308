#pragma once

/// @file Where a Redis is: from a URL to sockets' addresses. Private to gateway/state.

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::state {

struct RedisAddress {
    std::string host;  ///< empty: `path`
    std::uint16_t port = 6379;
    std::string path;  ///< of a UNIX socket
    std::string user;  ///< empty: the default user
    std::string password;
    std::uint32_t database = 0;

    /// For people: "redis://host:6379/0", without user and password.
    [[nodiscard]] std::string text() const;
    friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

/// "redis://[user:password@]host[:port][/db]", "unix:/path[?db=N]", "unix://[user:password@]/path".
/// User and password are percent-encoded where they hold ":", "@", "/", "%". The failure is a
/// sentence that does not repeat the URL.
[[nodiscard]] Outcome<RedisAddress, std::string> parse_redis_url(std::string_view url);

/// What connect() takes.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

/// Asks the system's resolver, which may take seconds: not for threads that somebody waits for.
[[nodiscard]] Outcome<std::vector<SocketAddress>, std::string> resolve(const RedisAddress& address);

}  // namespace postern::state
