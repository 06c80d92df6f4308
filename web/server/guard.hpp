#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/server/request.hpp"

namespace postern::web {

/// What a request must be before any resource sees it.
struct GuardSettings {
    /// Names and addresses a browser may reach us by, lower case, without port. A page of another
    /// name that resolves to us (DNS rebinding) is refused by this.
    std::vector<std::string> hosts = {"localhost", "127.0.0.1", "[::1]"};
    std::size_t max_body = 64 << 10;  ///< bytes
};

/// The host of a Host field without its port, lower case; nullopt: not `host[:port]`.
[[nodiscard]] std::optional<std::string> host_name(std::string_view host_field);

/// Checks method, framing (exactly one Host, at most one Content-Length, no Transfer-Encoding) and,
/// for unsafe methods, that the request comes from our own page (Origin, Sec-Fetch-Site). Needs the
/// headers only. nullopt: go on; else the answer, after which the connection is closed.
[[nodiscard]] std::optional<Response> refuse(const Request& request, const GuardSettings& settings);

/// The announced length of the body; 0 without Content-Length. nullopt: not a number.
[[nodiscard]] std::optional<std::size_t> content_length(const Request& request);

}  // namespace postern::web
