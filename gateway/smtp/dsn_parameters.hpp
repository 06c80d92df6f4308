#pragma once

/// @file The parameters of delivery status notifications, read strictly (RFC 3461). What is read is
/// passed on to the next hop as text: nothing may come through that is not what it should be.

#include <optional>
#include <string>
#include <string_view>

namespace postern::smtp {

// Each gives the value in the form it is passed on in; nullopt: not of this form.

/// RET: "FULL" or "HDRS".
[[nodiscard]] std::optional<std::string> parse_dsn_return(std::string_view value);
/// ENVID: xtext of printable ASCII, at most 100 bytes (5.4).
[[nodiscard]] std::optional<std::string> parse_dsn_envelope(std::string_view value);
/// NOTIFY: "NEVER", or "SUCCESS", "FAILURE", "DELAY", each at most once.
[[nodiscard]] std::optional<std::string> parse_dsn_notify(std::string_view value);
/// ORCPT: "type;xtext", at most 500 bytes; with type utf-8 the forms of RFC 6533 3, UTF-8 itself
/// only where SMTPUTF8 was said.
[[nodiscard]] std::optional<std::string> parse_dsn_original(std::string_view value, bool smtputf8);

}  // namespace postern::smtp
