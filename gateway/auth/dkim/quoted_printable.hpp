#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::auth::dkim {

/// dkim-quoted-printable (RFC 6376 2.11): "=" and two hexadecimal digits stand for a byte; folds
/// and blanks mean nothing. nullopt: an "=" without its digits. Control characters that come out
/// become "?": the text may be shown.
[[nodiscard]] std::optional<std::string> decode_quoted_printable(std::string_view text);

}  // namespace postern::auth::dkim
