#pragma once

/// @file One pass over a message: header fields of ours and then the bytes of a file.

#include <cstdint>
#include <functional>
#include <string_view>

namespace postern::relay {

struct MessageSource {
    std::string_view prefix;  ///< whole header fields, CRLF ended; may be empty
    int file = -1;            ///< read with pread from offset 0; borrowed
    std::uint64_t size = 0;   ///< bytes of the file that belong to the message
};

/// Calls `take` with pieces of at most 64 KiB until it answers false. False: it did so, or the file
/// could not be read to the end.
[[nodiscard]] bool for_each_piece(const MessageSource& source,
                                  const std::function<bool(std::string_view piece)>& take);

/// What decides whether the message can be sent at all.
struct Survey {
    bool readable = true;        ///< false: the rest is not known
    bool eight_bit = false;      ///< a byte above 127
    bool bare_line_end = false;  ///< a CR or LF alone: servers disagree about what they end
};
[[nodiscard]] Survey survey(const MessageSource& source);

}  // namespace postern::relay
