#pragma once

/// @file Tag lists (RFC 6376 3.2), strictly: what signatures and key records are written in.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::auth::dkim {

/// Views into the text that was parsed.
struct Tag {
    std::string_view name;
    std::string_view value;  ///< without blanks at its ends; folds inside are kept
    std::size_t begin = 0;   ///< behind "=", in the text
    std::size_t end = 0;     ///< at ";" or the end of the text
};

enum class TagListError : std::uint8_t {
    Empty,
    BadTag,     ///< no "=", or a name that is none
    BadValue,   ///< a control character
    Duplicate,  ///< RFC 6376 3.2: the whole list is invalid
};

class TagList {
public:
    /// Bytes above 127 are taken in values (RFC 8616). `text` must outlive the list.
    [[nodiscard]] static Outcome<TagList, TagListError> parse(std::string_view text);

    /// Case-sensitive. nullptr: there is none.
    [[nodiscard]] const Tag* find(std::string_view name) const;
    [[nodiscard]] const std::vector<Tag>& tags() const { return tags_; }

private:
    std::vector<Tag> tags_;
};

/// Without folds and blanks, wherever they stand.
[[nodiscard]] std::string without_blanks(std::string_view text);
/// A base64string of RFC 6376 2.10: blanks anywhere, padding or none, unused bits of any value, as
/// all other verifiers take it. nullopt: it holds other characters or no whole byte at its end.
[[nodiscard]] std::optional<std::string> base64_value(std::string_view text);
/// Without them at the ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// The parts between separators, trimmed; empty parts included.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Decimal digits only, at most `max_digits`; what is beyond 64 bits saturates. nullopt: not so.
[[nodiscard]] std::optional<std::uint64_t> decimal(std::string_view text, std::size_t max_digits);

}  // namespace postern::auth::dkim
