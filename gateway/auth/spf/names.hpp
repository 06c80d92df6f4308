#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::auth::spf {

/// The domain of an identity as it is checked: A-labels, lower case, no final dot. nullopt: it is
/// malformed, an address literal or of one label, so that the result is "none" (RFC 7208 4.3).
[[nodiscard]] std::optional<std::string> checkable_domain(std::string_view text);

/// Whether a name from an expanded macro can be asked for at all: ASCII, labels of 1 to 63 bytes,
/// at most 253 bytes. What cannot be asked for does not exist.
[[nodiscard]] bool is_askable(std::string_view name);

/// "local@domain" at its last "@"; a missing or empty local part is "postmaster" (4.3).
struct Sender {
    std::string local_part = "postmaster";
    std::string domain;
};
[[nodiscard]] Sender split_sender(std::string_view text);

}  // namespace postern::auth::spf
