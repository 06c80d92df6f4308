#pragma once

/// @file Base64 (RFC 4648, section 4), strictly, and as mail programs read it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/bytes.hpp"

namespace postern {

[[nodiscard]] std::string base64_encode(ByteView bytes);

/// nullopt unless `text` is one run of whole, padded quanta: no blanks, no other characters, unused
/// bits zero.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// How a mail program may read what is no proper base64.
enum class Base64Dialect : unsigned char {
    SkipJunk,      ///< other characters are skipped; padding ends a quantum, and reading goes on
    StopAtPad,     ///< the same, but padding ends it all
    IgnorePad,     ///< padding is junk like any other
    DropLines,     ///< a line that holds other characters is skipped whole
    LineByLine,    ///< each line is decoded by itself, an unfinished quantum at its end dropped
    JunkEndsLine,  ///< from another character to the end of its line nothing counts
};

struct Base64Text {
    std::string bytes;
    bool regular = true;  ///< nothing but the alphabet, line ends and padding at the very end
};

/// Reads any text. The output is never longer than three quarters of it.
[[nodiscard]] Base64Text base64_read(std::string_view text, Base64Dialect dialect);

/// Every different result that some mail program may show, the likeliest first: one for a regular
/// text, up to six for one that is not.
[[nodiscard]] std::vector<std::string> base64_readings(std::string_view text);

}  // namespace postern
