#pragma once

/// @file What a client wants, in the order of a session.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/mail/address.hpp"
#include "gateway/smtp/introduction.hpp"
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
    std::string dsn_return = {};    ///< RET (RFC 3461 4.3): "FULL", "HDRS" or "" (not said)
    std::string dsn_envelope = {};  ///< ENVID (4.4) as xtext, checked; "" (not said)
    bool prdr = false;              ///< wants one reply per recipient behind the message
};
struct RcptTo {
    mail::ForwardPath path;
    std::string dsn_notify = {};    ///< NOTIFY (4.1): "NEVER", or of SUCCESS,FAILURE,DELAY; ""
    std::string dsn_original = {};  ///< ORCPT (4.2) as "type;xtext", checked; ""
};
/// A positive answer lets the message come: 354 behind DATA; nothing is said behind the first BDAT,
/// whose octets are there already.
struct DataRequested {
    bool chunked = false;  ///< BDAT (RFC 3030)
};
/// The message is whole. Whatever the answer is, the transaction is over. Where the client asked
/// for PRDR, Reply::recipients may hold one reply for each accepted RCPT, in their order.
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
/// A listed proxy introduces another client (XCLIENT). A positive answer begins the session anew,
/// TLS aside: nothing is said, and Connected comes next, whose answer is the 220.
struct Xclient {
    Introduction introduction;
};

/// What the driver of a session has to do next.
using Step = std::variant<Event, DataChunk, StartTls, Xclient>;

/// The usual answer that lets the client go on; texts carry no id. For DataRefused its own reply.
[[nodiscard]] Reply usual_reply(const Event& event, std::string_view hostname);

}  // namespace postern::smtp
