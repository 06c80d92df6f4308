#pragma once

/// @file The mail server behind us. Blocking calls for pool threads, each with a deadline; idle
/// connections are kept and used again.
///
///     auto begun = next_hop.begin(envelope);
///     if (!begun) return reply(begun.error().reply);
///     relay::Delivery delivery = std::move(begun).value();
///     smtp::PeerReply answer = delivery.recipient({mailbox});      // the next hop's own answer
///     relay::Sent sent = delivery.send(trace_fields, fd, size);    // one reply per accepted
///     recipient

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/smtp/client_session.hpp"

namespace postern::relay {

struct NextHopSettings {
    std::string host = "127.0.0.1";  ///< address or name; with a leading '/' a UNIX socket's path
    std::uint16_t port = 25;
    smtp::ClientProtocol protocol = smtp::ClientProtocol::Smtp;
    smtp::ClientTls tls = smtp::ClientTls::Opportunistic;
    bool verify_certificate = false;  ///< for ClientTls::Required: chain and `host` must be right
    std::string trust = {};           ///< PEM file of authorities; empty: the system's
    std::string helo_name = "localhost";
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);  ///< TCP, each address
    std::chrono::milliseconds reply_timeout =
        std::chrono::minutes(2);  ///< greeting to EHLO, each reply
    std::chrono::milliseconds data_timeout = std::chrono::minutes(3);    ///< to send each 64 KiB
    std::chrono::milliseconds final_timeout = std::chrono::minutes(10);  ///< after the final dot
    std::size_t max_idle = 16;  ///< connections kept; 0: none
    std::chrono::milliseconds idle_time = std::chrono::seconds(30);
    std::size_t max_messages = 100;  ///< of one connection
    smtp::ReplyLimits reply_limits = {};
};

/// The envelope but for the recipients.
struct Envelope {
    mail::ReversePath reverse_path = {};
    std::uint64_t size = 0;         ///< as the client declared it; 0: it did not
    bool eight_bit = false;         ///< the client said BODY=8BITMIME
    bool smtputf8 = false;          ///< the client said SMTPUTF8
    std::string dsn_return = {};    ///< RET, valid by RFC 3461; sent where DSN is offered
    std::string dsn_envelope = {};  ///< ENVID, likewise
};
struct Recipient {
    mail::Mailbox forward_path;
    std::string dsn_notify = {};    ///< NOTIFY, likewise
    std::string dsn_original = {};  ///< ORCPT, likewise
};

/// Why there is no delivery. `reply` is what the client should hear: the next hop's own words when
/// it answered, else 451 4.4.1, 550 5.6.7 or 552 5.3.4 of ours. A next hop that refuses us before
/// MAIL (greeting, EHLO, 421) counts as down: that is a matter between it and us, not the sender's.
struct HopFailure {
    smtp::PeerReply reply;
    std::string detail;  ///< for the operator
};

/// Answered: the replies are the next hop's. NotSent: refused or lost before the final dot, so the
/// next hop has no message. Unknown: lost between the final dot and its answer; the reply is 451,
/// and the message may arrive twice, but never not at all.
enum class Certainty { Answered, NotSent, Unknown };

struct Sent {
    Certainty certainty = Certainty::NotSent;
    std::vector<smtp::PeerReply> replies;  ///< one for each accepted recipient, in order
    std::string detail;                    ///< for the operator; empty when answered
};

class NextHopState;

/// One transaction. Use from one thread; the destructor abandons what has not been sent.
class Delivery {
public:
    struct State;
    explicit Delivery(std::unique_ptr<State> state);
    ~Delivery();
    Delivery(Delivery&&) noexcept;
    Delivery& operator=(Delivery&&) noexcept;
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;

    /// Says RCPT. The first call says MAIL as well (in one go where PIPELINING is offered); a
    /// refusal of MAIL is the answer then, and to all later calls. A lost connection answers
    /// 451 4.4.1.
    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    /// Recipients the next hop has accepted.
    [[nodiscard]] std::size_t accepted() const;

    /// Says DATA and sends `prefix` (whole header fields, CRLF ended) and then `size` bytes of
    /// `message` from offset 0, read with pread. Refuses without asking: 8-bit bytes where 8BITMIME
    /// is not offered (554 5.6.3), bare CR or LF (550 5.5.2), more than SIZE allows (552 5.3.4).
    /// With no accepted recipient there are no replies. Ends the transaction.
    [[nodiscard]] Sent send(std::string_view prefix, int message, std::uint64_t size);

    /// RSET, without waiting for the answer, and the connection goes back to the pool.
    void abandon();

private:
    std::unique_ptr<State> state_;
};

struct NextHopCounts {
    std::uint64_t opened = 0;   ///< connections made
    std::uint64_t reused = 0;   ///< transactions begun on a kept connection
    std::uint64_t retried = 0;  ///< kept connections that turned out dead
    std::size_t idle = 0;       ///< kept now
};

/// Thread-safe. Must outlive its deliveries.
class NextHop {
public:
    /// Addresses of a host name, as text; empty: there are none, or the look-up failed.
    using Resolve = std::function<std::vector<std::string>(const std::string& host)>;

    /// Throws std::runtime_error when the file of authorities cannot be used. Without `resolve`,
    /// names are looked up by the system.
    explicit NextHop(NextHopSettings settings, Resolve resolve = {});
    ~NextHop();
    NextHop(const NextHop&) = delete;
    NextHop& operator=(const NextHop&) = delete;

    /// A connection on which a transaction may start: a kept one, or a new one. Says nothing about
    /// the sender yet: MAIL goes out with the first recipient.
    [[nodiscard]] Outcome<Delivery, HopFailure> begin(const Envelope& envelope);

    /// Closes kept connections that are older than idle_time. begin() does so too; call it now and
    /// then where mail is rare.
    void close_idle();
    /// Makes every call that waits, and every later one, fail at once with 451 4.4.1.
    void shut_down();

    [[nodiscard]] NextHopCounts counts() const;

private:
    std::unique_ptr<NextHopState> state_;
};

}  // namespace postern::relay
