#pragma once

/// @file The client side of one SMTP or LMTP connection, without the connection (RFC 5321, RFC
/// 2033).
///
/// ClientSession knows the protocol and nothing else: no sockets, no clock, no threads. The driver
/// (gateway/relay/connection.cpp) moves bytes and carries out events:
///
///     session.feed(bytes_from_socket);
///     while (auto event = session.next()) ...;
///     socket.send(session.take_output());
///
/// Greeting, EHLO (HELO where EHLO is unknown; LHLO for LMTP) and STARTTLS run by themselves up to
/// ClientReady. After that each command given is answered by one Answered, in order; the end of an
/// LMTP message by one for each accepted recipient.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/smtp/peer_reply.hpp"

namespace postern::smtp {

enum class ClientProtocol { Smtp, Lmtp };
/// None: never asks. Opportunistic: if offered. Required: without it the conversation is over.
enum class ClientTls { None, Opportunistic, Required };

struct ClientSettings {
    ClientProtocol protocol = ClientProtocol::Smtp;
    ClientTls tls = ClientTls::None;
    std::string helo_name = "localhost";  ///< our own name, or an address literal
    ReplyLimits limits = {};
};

/// What the server offers, from its last EHLO answer.
struct PeerExtensions {
    bool eight_bit_mime = false;   ///< RFC 6152
    bool smtputf8 = false;         ///< RFC 6531
    bool pipelining = false;       ///< RFC 2920
    bool dsn = false;              ///< RFC 3461
    bool starttls = false;         ///< RFC 3207
    bool size = false;             ///< RFC 1870
    std::uint64_t size_limit = 0;  ///< bytes; 0: none told

    friend bool operator==(const PeerExtensions&, const PeerExtensions&) = default;
};

/// MAIL. What the server does not offer is left out; whether that is right is the caller's
/// question.
struct MailCommand {
    std::string reverse_path = {};  ///< without brackets; "" is the null reverse-path
    std::uint64_t size = 0;         ///< bytes; 0: not told
    bool eight_bit = false;         ///< BODY=8BITMIME
    bool smtputf8 = false;
    std::string dsn_return = {};    ///< RET: "FULL", "HDRS" or ""
    std::string dsn_envelope = {};  ///< ENVID as xtext, or ""
};
/// RCPT.
struct RecipientCommand {
    std::string forward_path = {};  ///< without brackets
    std::string dsn_notify = {};    ///< NOTIFY, or ""
    std::string dsn_original = {};  ///< ORCPT as "type;xtext", or ""
};

enum class ClientCommand { Mail, Recipient, Data, Message, Reset, Quit };

/// The server waits for a TLS handshake: carry it out, then call tls_established().
struct HandshakeDue {};
/// Commands may be given from now on.
struct ClientReady {};
struct Answered {
    ClientCommand command;
    PeerReply reply;
};
/// The connection is of no more use. `reply` is the server's, when it said something (a refusing
/// greeting, 421); nullopt: it broke the protocol, or lacks TLS that is required.
struct ConversationOver {
    std::optional<PeerReply> reply;
    std::string detail;  ///< for the operator
};
using ClientEvent = std::variant<HandshakeDue, ClientReady, Answered, ConversationOver>;

class ClientSession {
public:
    explicit ClientSession(ClientSettings settings);

    /// Bytes from the server, cut anywhere.
    void feed(std::string_view bytes);
    /// nullopt: more bytes, or a command, are needed.
    [[nodiscard]] std::optional<ClientEvent> next();
    /// Bytes for the server.
    [[nodiscard]] std::string take_output();

    /// Forgets what the server offered in plaintext, and greets again (RFC 3207 4.2).
    void tls_established();

    /// False: the text cannot be sent as an argument (a control character, a bracket outside
    /// quotes, or bytes above 127 without SMTPUTF8), so nothing was. True: one Answered follows.
    [[nodiscard]] bool mail(const MailCommand& command);
    [[nodiscard]] bool recipient(const RecipientCommand& command);
    /// Abort unless at least one recipient has been accepted and nothing is unanswered.
    void data();
    /// Message bytes, cut anywhere, after DATA was answered by 354. Adds the dots (RFC 5321 4.5.2).
    void message(std::string_view bytes);
    /// The end of the message. Adds a CRLF only where the message does not end in one.
    void end_message();
    void reset();
    void quit();

    [[nodiscard]] const PeerExtensions& extensions() const { return extensions_; }
    [[nodiscard]] bool tls() const { return tls_; }
    /// Answers the server owes.
    [[nodiscard]] std::size_t unanswered() const { return awaiting_.size(); }
    [[nodiscard]] bool over() const { return phase_ == Phase::Over; }
    /// Any command may be given: nothing is unanswered and no message is under way.
    [[nodiscard]] bool idle() const { return phase_ == Phase::Ready && awaiting_.empty(); }
    [[nodiscard]] std::size_t accepted_recipients() const { return accepted_; }

private:
    enum class Phase { Greeting, Hello, OldHello, StartTls, Handshaking, Ready, Message, Over };

    std::optional<ClientEvent> on_reply(const RawReply& raw);
    std::optional<ClientEvent> on_hello(const RawReply& raw);
    ClientEvent on_starttls(const RawReply& raw);
    ClientEvent on_answer(const RawReply& raw);
    ClientEvent ready_or_over();
    ClientEvent end(std::optional<PeerReply> reply, std::string detail);
    void say_hello();
    void command(ClientCommand which, std::string_view line);

    ClientSettings settings_;
    ReplyReader reader_;
    PeerExtensions extensions_;
    Phase phase_ = Phase::Greeting;
    bool tls_ = false;
    bool smtputf8_ = false;      ///< of this transaction
    bool at_line_start_ = true;  ///< of the message: where a dot is doubled
    bool after_cr_ = false;
    std::size_t accepted_ = 0;  ///< recipients of this transaction
    std::deque<ClientCommand> awaiting_;
    std::string output_;
};

}  // namespace postern::smtp
