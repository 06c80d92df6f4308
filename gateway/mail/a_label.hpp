#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// The domain as the DNS knows it: U-labels become A-labels (RFC 5890 2.3, mapped by UTS #46,
/// non-transitional); a domain in ASCII is only put in lower case. nullopt: it has bytes that are
/// no valid U-label.
[[nodiscard]] std::optional<std::string> to_a_labels(std::string_view domain);

}  // namespace postern::mail
