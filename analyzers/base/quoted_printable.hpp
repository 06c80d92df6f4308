#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern {

/// What a mail program may do with "=" that begins no escape.
enum class QuotedPrintableDialect : unsigned char {
    KeepBroken,   ///< it is kept as it stands (RFC 2045, section 6.7, note 1)
    DropEquals,   ///< the "=" is dropped
    DropOne,      ///< the "=" and the character behind it are dropped
    DropTwo,      ///< the "=" and the two characters behind it are dropped
    Blanks,       ///< as KeepBroken, and blanks at the end of a line are kept
    BlankEscape,  ///< "=" and a blank are a soft line break wherever they stand
};

struct QuotedPrintableText {
    std::string bytes;
    bool regular = true;  ///< nothing that two readers may take differently
};

/// Quoted-printable (RFC 2045, section 6.7) of any text; "_" is itself (for header words see mime).
/// The output is never longer than the text.
[[nodiscard]] QuotedPrintableText quoted_printable_read(std::string_view text,
                                                        QuotedPrintableDialect dialect);

/// Every different result that some mail program may show, the likeliest first.
[[nodiscard]] std::vector<std::string> quoted_printable_readings(std::string_view text);

}  // namespace postern
