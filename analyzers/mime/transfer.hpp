#pragma once

/// @file Content-Transfer-Encoding (RFC 2045, section 6).

#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

enum class Encoding : unsigned char { Identity, Base64, QuotedPrintable, Uuencode };

struct Encodings {
    std::vector<Encoding> list;  ///< never empty, without duplicates, the likeliest first
    bool odd = false;            ///< readers may disagree on which it is
};

/// The encodings that some mail program reads from these Content-Transfer-Encoding fields.
[[nodiscard]] Encodings encodings_of(const std::vector<std::string>& values);

/// Every different result of decoding, the likeliest first; one for regular text.
[[nodiscard]] std::vector<std::string> decode_readings(std::string_view body, Encoding encoding);

}  // namespace postern::analyzers
