#pragma once

/// @file The header block of a message or part, from any bytes.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

struct Field {
    std::string_view name;  ///< as written, blanks before the colon cut off
    std::string_view raw;   ///< behind the colon, folded as it stands
    bool odd = false;       ///< readers may not agree that this is a field, or which
};

struct HeaderBlock {
    std::vector<Field> fields;  ///< at most kMaxFields
    std::size_t end = 0;        ///< where the body starts
    bool broken = false;        ///< a line that is no field, no blank line at the end
    bool odd = false;           ///< bare CR or NUL: readers differ on where fields end
    bool cut = false;           ///< more fields than kMaxFields

    /// Every value of the field called `name` (lower case, e.g. "content-type"), unfolded, in
    /// order. Readers skip junk in names, so "Content-Type\0" and " Content_Type" do not count,
    /// but blanks, NUL and other control characters around and in a name do.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
};

/// Reads the fields at the start of `text`: up to the first blank line, or to a line that neither
/// is a field nor followed by one.
[[nodiscard]] HeaderBlock read_header_block(std::string_view text);

/// Line ends and what folds removed, NUL dropped; RFC 5322, section 2.2.3.
[[nodiscard]] std::string unfold(std::string_view raw);

/// True if a line like "Content-..." starts here, whatever is odd about it.
[[nodiscard]] bool starts_content_field(std::string_view text);

}  // namespace postern::analyzers
