#pragma once

/// @file The encoding of RFC 3461 4 that DSN parameters and XCLIENT share.

#include <optional>
#include <string>
#include <string_view>

namespace postern::smtp {

/// nullopt: not xtext, strictly read ("+" and two upper-case hex digits; no blank, "=" or byte
/// outside ASCII). Any byte may come out.
[[nodiscard]] std::optional<std::string> decode_xtext(std::string_view text);

}  // namespace postern::smtp
