#pragma once

/// @file What a client wants, in the order of a session.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/mail/address.hpp"
#include "gateway/smtp/reply.hpp"

namespace postern::smtp {

/// The connection is there; the answer is the banner (220), or 421 or 554, which ends it.
struct Connected {};
/// Ends the transaction that may be under way. The session adds its extensions to a positive
/// answer.
struct Helo {
    bool extended = false;  ///< EHLO
    std::string argument =
        {};  ///< printable ASCII without blanks, at most 255 bytes; nobody has checked it
};
enum class Body { SevenBit, EightBitMime };
struct MailFrom {
    mail::ReversePath path = {};
    std::optional<std::uint64_t> size = {};  ///< SIZE=, bytes, not above the limit
    std::optional<Body> body = {};
    bool smtputf8 = false;
};
struct RcptTo {
    mail::ForwardPath path;
};
/// 354 lets the message come.
struct DataRequested {};
/// The message is whole. Whatever the answer is, the transaction is over.
struct DataComplete {
    std::uint64_t size = 0;  ///< bytes, dot-unstuffed
};
enum class DataDefect {
    BareLineEnd,  ///< a CR or LF alone: servers disagree about what it ends (SMTP smuggling)
    Nul,
    TooBig,        ///< max_message_size
    HeaderTooBig,  ///< max_header_size
    LineTooLong,   ///< max_text_line
};
/// The message has ended, and it is one that no server may take. The answer refuses, in the words
/// of `reply` or better ones; a positive answer is replaced by `reply`. The transaction is over.
struct DataRefused {
    DataDefect defect = DataDefect::BareLineEnd;
    Reply reply = {};
};
/// RSET. Ends the transaction.
struct Reset {};
struct Quit {};

/// All that wants a decision: each is answered by one Reply.
using Event = std::variant<Connected, Helo, MailFrom, RcptTo, DataRequested, DataComplete,
                           DataRefused, Reset, Quit>;

/// A piece of the message, dot-unstuffed, at most 64 KiB, valid until the session is touched again.
/// Wants no answer. After a defect no more of them come.
struct DataChunk {
    std::string_view bytes;
};
/// Answer 220 and do the handshake, or 454.
struct StartTls {};

/// What the driver of a session has to do next.
using Step = std::variant<Event, DataChunk, StartTls>;

/// The usual answer that lets the client go on; texts carry no id. For DataRefused its own reply.
[[nodiscard]] Reply usual_reply(const Event& event, std::string_view hostname);

}  // namespace postern::smtp
