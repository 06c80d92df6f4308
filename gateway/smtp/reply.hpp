#pragma once

/// @file What the server side answers (RFC 5321 4.2, enhanced codes of RFC 3463).

#include <cstddef>
#include <string>
#include <vector>

namespace postern::smtp {

struct Reply {
    int code = 250;                      ///< 200 to 599
    std::string enhanced = {};           ///< "2.1.0"; empty: none (banner, EHLO, 354)
    std::string text = {};               ///< may be anything: it is filtered when it is written
    std::vector<std::string> more = {};  ///< further lines, without enhanced code
    /// Of the answer to DataComplete only: one reply for each accepted recipient. They are said
    /// when the client asked for PRDR and there is more than one; this reply is then the last.
    std::vector<Reply> recipients = {};

    [[nodiscard]] bool positive() const { return code < 400; }
    friend bool operator==(const Reply&, const Reply&) = default;
};

/// Bytes of one line of a reply, CRLF not counted.
inline constexpr std::size_t kMaxReplyLine = 400;

/// The lines as sent, CRLF included. What is not printable ASCII becomes "?", what is too long is
/// cut, an enhanced code of another class than the code becomes "C.0.0", and a code that is none
/// 451.
[[nodiscard]] std::string to_wire(const Reply& reply);

}  // namespace postern::smtp
