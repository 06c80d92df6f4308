#pragma once

/// @file What a browser holds of a session: a cookie that scripts cannot read, and a token that
/// another site cannot know.

#include <chrono>
#include <string>
#include <string_view>

#include "web/server/request.hpp"

namespace postern::web {

/// `__Host-`: browsers take it only over TLS, from this host, for all paths (RFC 6265bis 4.1.3.2).
inline constexpr std::string_view kSessionCookie = "__Host-postern";
inline constexpr std::string_view kCsrfField = "X-CSRF-Token";

/// The session token of a request; empty: none, or more than one.
[[nodiscard]] std::string session_token(const Request& request);

/// The Set-Cookie value that begins a session.
[[nodiscard]] std::string session_cookie(std::string_view token, std::chrono::seconds lifetime);
/// The one that ends it.
[[nodiscard]] std::string ended_session_cookie();

/// What unsafe requests must send in X-CSRF-Token: a digest of the session token, so it needs no
/// memory and holds as long as the session does. It tells nothing of the token.
[[nodiscard]] std::string csrf_token(std::string_view token);
/// Compares in constant time.
[[nodiscard]] bool csrf_token_right(const Request& request, std::string_view token);

}  // namespace postern::web
