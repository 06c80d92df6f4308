#pragma once

#include <string>
#include <string_view>

namespace postern::analyzers {

/// RFC 2047: the encoded words of `text` decoded, the rest as UTF-8 as well as may be; words in
/// quotes, inside other words and with blanks in them are decoded too, as mail programs do. At most
/// as long as three times `text`, and three bytes for each word.
[[nodiscard]] std::string decode_words(std::string_view text);

}  // namespace postern::analyzers
