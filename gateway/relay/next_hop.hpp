#pragma once

/// @file The mail servers behind us. Blocking calls for pool threads, each with a deadline; idle
/// connections are kept and used again; a server that is down is replaced by the next one of its
/// route as long as the message has not been taken.
///
///     auto begun = next_hop.begin(envelope);
///     if (!begun) return reply(begun.error().reply);
///     relay::Delivery delivery = std::move(begun).value();
///     smtp::PeerReply answer = delivery.recipient({mailbox});      // the next hop's own answer
///     relay::Sent sent = delivery.send(trace_fields, fd, size);    // one reply per accepted
///                                                                  // recipient
///
/// What the client hears after DATA, from `sent.replies`: all positive: 250. All negative: the one
/// reply, 4xx before 5xx. Some of each: 250, and what was not taken is kept here: tried again where
/// the reply is 4xx, held for a person where it is 5xx.

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
#include "gateway/relay/hop_settings.hpp"
#include "gateway/smtp/client_session.hpp"

namespace postern::dns {
class Resolver;
}

namespace postern::relay {

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

/// Why there is no delivery. `reply` is what the client should hear.
struct HopFailure {
    smtp::PeerReply reply;
    std::string detail;  ///< for the operator
};

/// Answered: the replies are the next hop's. NotSent: refused or lost before the final dot, so the
/// next hop has no message. Unknown: lost between the final dot and its answer; the reply is 451,
/// and the message may arrive twice, but never not at all. Of several routes the least certain one
/// is told: Unknown, else Answered, else NotSent.
enum class Certainty { Answered, NotSent, Unknown };

struct Sent {
    Certainty certainty = Certainty::NotSent;
    std::vector<smtp::PeerReply> replies = {};  ///< one for each accepted recipient, in order
    std::string detail = {};                    ///< for the operator; empty when answered
};

/// One message on its way: one transaction per route that its recipients need. Use from one thread
/// at a time; the destructor abandons what has not been sent.
class Delivery {
public:
    struct State;
    explicit Delivery(std::unique_ptr<State> state);
    ~Delivery();
    Delivery(Delivery&&) noexcept;
    Delivery& operator=(Delivery&&) noexcept;
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;

    /// Says RCPT to the server that the recipient's route leads to. The first call of a route
    /// connects and says MAIL as well (in one go where PIPELINING is offered). A server that is
    /// down (connect, greeting, EHLO, TLS, connection lost, 421) is replaced by the next one of
    /// the route, and hears the recipients accepted before first. A refusal of MAIL is the answer,
    /// and that to all later calls of this route. Ours are: 451 4.4.1 (no server is up), 550 5.6.7
    /// (SMTPUTF8 is needed and not offered), 552 5.3.4 (SIZE), 553 5.1.7 and 5.1.3.
    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    /// For the operator: why the last call got an answer of ours. Empty: it was the next hop's.
    [[nodiscard]] const std::string& problem() const;
    /// Recipients accepted so far.
    [[nodiscard]] std::size_t accepted() const;

    /// Says DATA and sends `prefix` (whole header fields, CRLF ended) and then `size` bytes of
    /// `message` from offset 0, read with pread; route by route. A server lost before the final dot
    /// is replaced as above. Refuses without asking: 8-bit bytes where 8BITMIME is not offered (554
    /// 5.6.3), bare CR or LF (550 5.5.2), more than SIZE allows (552 5.3.4). With no accepted
    /// recipient there are no replies. Ends the delivery.
    [[nodiscard]] Sent send(std::string_view prefix, int message, std::uint64_t size);

    /// RSET, without waiting for the answer, and the connections go back to their pools.
    void abandon();

private:
    std::unique_ptr<State> state_;
};

/// Unknown: nobody could be asked, or the question itself was refused (MAIL FROM:<>, SMTPUTF8).
enum class ProbeAnswer : std::uint8_t { Accepted, Refused, Deferred, Unknown };

struct Probe {
    ProbeAnswer answer = ProbeAnswer::Unknown;
    smtp::PeerReply reply = {};  ///< to RCPT; for Unknown what stood in the way
    std::string detail = {};     ///< for the operator; empty when answered
};

struct NextHopCounts {
    std::uint64_t opened = 0;    ///< connections made
    std::uint64_t reused = 0;    ///< transactions begun on a kept connection
    std::uint64_t retried = 0;   ///< kept connections that turned out dead
    std::uint64_t replaced = 0;  ///< servers given up for the next one in mid-transaction
    std::size_t idle = 0;        ///< kept now
};

/// One server, for /metrics.
struct HopFigures {
    std::string route;  ///< its first domain, or "default"
    std::string hop;    ///< "host:port"
    bool up = true;
    NextHopCounts counts = {};
    std::uint64_t failures = 0;  ///< times it could not be used
    std::uint64_t messages = 0;  ///< transactions that ended with an answer to the message
};

class NextHopState;

/// Thread-safe. Must outlive its deliveries.
class NextHop {
public:
    /// `resolver` must outlive this; null: only addresses, "localhost" and sockets can be reached.
    /// Throws std::invalid_argument when there is no default route or a route has no server, and
    /// std::runtime_error when a file of authorities cannot be used.
    explicit NextHop(NextHopSettings settings, dns::Resolver* resolver = nullptr);
    /// One server for all mail.
    explicit NextHop(HopSettings server, dns::Resolver* resolver = nullptr);
    ~NextHop();
    NextHop(const NextHop&) = delete;
    NextHop& operator=(const NextHop&) = delete;

    /// Touches no server: which one is needed is known with the first recipient. Fails after
    /// shut_down() only.
    [[nodiscard]] Outcome<Delivery, HopFailure> begin(const Envelope& envelope);

    /// Asks whether `mailbox` would be taken: MAIL FROM:<>, RCPT TO, RSET, never DATA. Blocks for
    /// `patience` at most, give or take a scheduler's delay.
    [[nodiscard]] Probe probe(const mail::Mailbox& mailbox, std::chrono::milliseconds patience);

    /// Closes kept connections that are older than idle_time. Each use of a server does so too;
    /// call it now and then where mail is rare.
    void close_idle();
    /// Makes every call that waits, and every later one, fail at once with 451 4.4.1.
    void shut_down();

    /// Of all servers together.
    [[nodiscard]] NextHopCounts counts() const;
    /// Server by server, in the order of the settings.
    [[nodiscard]] std::vector<HopFigures> figures() const;

private:
    std::unique_ptr<NextHopState> state_;
};

}  // namespace postern::relay
