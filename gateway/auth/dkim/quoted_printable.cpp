#include "gateway/auth/dkim/quoted_printable.hpp"

#include "gateway/auth/dkim/tag_list.hpp"

namespace postern::auth::dkim {
namespace {

/// -1: no digit. RFC 6376 2.11 wants upper case; lower case cannot mean anything else.
int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

std::optional<std::string> decode_quoted_printable(std::string_view text) {
    const std::string packed = without_blanks(text);
    std::string decoded;
    for (std::size_t i = 0; i < packed.size(); ++i) {
        char c = packed[i];
        if (c == '=') {
            if (i + 2 >= packed.size()) return std::nullopt;
            const int high = hex_digit(packed[i + 1]);
            const int low = hex_digit(packed[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        const auto byte = static_cast<unsigned char>(c);
        decoded += byte < 32 || byte == 127 ? '?' : c;
    }
    return decoded;
}

}  // namespace postern::auth::dkim
