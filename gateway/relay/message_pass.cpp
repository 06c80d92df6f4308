#include "gateway/relay/message_pass.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace postern::relay {
namespace {

constexpr std::size_t kPiece = 64U << 10U;

}  // namespace

bool for_each_piece(const MessageSource& source,
                    const std::function<bool(std::string_view piece)>& take) {
    for (std::string_view rest = source.prefix; !rest.empty();) {
        const std::string_view piece = rest.substr(0, kPiece);
        if (!take(piece)) return false;
        rest.remove_prefix(piece.size());
    }
    std::string buffer(kPiece, '\0');
    for (std::uint64_t at = 0; at < source.size;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, source.size - at));
        const ssize_t got = ::pread(source.file, buffer.data(), wanted, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;  // shorter than it was said to be: not the whole message
        const auto size = static_cast<std::size_t>(got);
        if (!take(std::string_view(buffer).substr(0, size))) return false;
        at += size;
    }
    return true;
}

Survey survey(const MessageSource& source) {
    Survey seen;
    char last = '\0';
    seen.readable = for_each_piece(source, [&](std::string_view piece) {
        unsigned char all = 0;
        for (const char c : piece) {
            all |= static_cast<unsigned char>(c);
            // CR and LF occur together, in this order, or not at all.
            if ((last == '\r') != (c == '\n')) seen.bare_line_end = true;
            last = c;
        }
        if (all > 0x7f) seen.eight_bit = true;
        return true;
    });
    if (last == '\r') seen.bare_line_end = true;
    return seen;
}

}  // namespace postern::relay
