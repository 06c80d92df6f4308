#pragma once

/// @file Who answers a client: the door between the sockets and everything that decides.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mail/ip_address.hpp"
#include "gateway/smtp/event.hpp"
#include "gateway/smtp/reply.hpp"
#include "gateway/smtp/stage.hpp"

namespace postern::net {

/// How much of what we can bear is borne.
struct Load {
    std::size_t connections = 0;  ///< open now
    std::size_t max_connections = 0;
    double pool = 0;        ///< share of the places to wait for a decision thread that is taken
    bool overload = false;  ///< waits should be short, and what can be left out is left out
};

struct ClientFacts {
    mail::IpAddress address;  ///< the client's own, after PROXY and XCLIENT
    std::uint16_t port = 0;
    mail::IpAddress local_address;  ///< the one of ours that the client came to
    std::uint16_t local_port = 0;
    std::uint64_t connection = 0;               ///< unique in this process
    std::optional<mail::IpAddress> proxy = {};  ///< the listed peer that speaks for the client
    std::optional<smtp::Introduction> introduced = {};  ///< what XCLIENT said
    bool implicit_tls = false;  ///< came to a listener of listen_tls: on_tls before Connected
    Load load = {};             ///< when it came
};

/// A certificate that a client showed. Nobody has to trust it.
struct ClientCertificate {
    std::string subject = {};      ///< RFC 2253, printable ASCII, cut at 512 bytes
    std::string issuer = {};       ///< likewise
    std::string fingerprint = {};  ///< SHA-256 of the DER form, 64 lower-case hex digits
    bool verified = false;         ///< chains to a CA of smtp.tls.client_ca, and is valid now
    std::string problem = {};      ///< when it is not: OpenSSL's words

    friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

/// Of an established TLS session.
struct TlsFacts {
    std::string protocol = {};  ///< "TLSv1.3"
    std::string cipher = {};    ///< "TLS_AES_256_GCM_SHA384"
    int bits = 0;               ///< of the cipher's key
    std::string server_name =
        {};  ///< SNI as the client sent it: host name characters only; "" if none
    std::optional<ClientCertificate> certificate = {};
    bool resumed = false;
};

/// Takes the answer to one event, now or later, on any thread. Only the first call counts; after
/// the connection has gone, none. Copyable, and may outlive connection and server.
using Answer = std::function<void(smtp::Reply reply)>;
/// Lets the data flow again after Flow::Pause; the same rules.
using Resume = std::function<void()>;

/// Continue: more data may come at once. Pause: not before `resume` was called.
enum class Flow { Continue, Pause };

/// Runs tasks for one dialogue on the reactor thread that calls it. What is still waiting when the
/// dialogue has gone is dropped. A task that throws ends the connection with 421.
class Timer {
public:
    virtual ~Timer() = default;
    /// On the reactor thread only. Never runs before it returns.
    virtual void after(std::chrono::milliseconds delay, std::function<void()> task) = 0;

    /// Brings a task from any thread to the reactor, soon. Copyable; outlives the connection, and
    /// is then of no effect.
    using Post = std::function<void(std::function<void()> task)>;
    [[nodiscard]] virtual Post post() const = 0;
};

/// Why a dialogue is over.
enum class Ending : std::uint8_t {
    Left,        ///< the client hung up, or the network did
    Said,        ///< after a last reply: QUIT, a refusal that ends it, a limit of the session
    Timeout,     ///< the client kept us waiting
    TooSlow,     ///< fewer bytes than net::Rates asks for
    Handshake,   ///< TLS did not come about
    Introduced,  ///< XCLIENT named another client
    Stopping,    ///< the server stops
    Bug,         ///< an exception escaped the dialogue
};

/// One client's dealings. Every call comes on the same reactor thread and must not block. Destroyed
/// on that thread, after on_close; what outlives the client (a job) keeps its own state.
class Dialogue {
public:
    virtual ~Dialogue() = default;

    /// One event at a time: the next comes when `done` was called for this one. The answer goes to
    /// the client unchanged but for the extensions behind EHLO's. 421 and 521 end the connection,
    /// as does any refusal of Connected. An exception that escapes ends it with 421 and counts as a
    /// bug.
    virtual void on_event(smtp::Event event, Answer done) = 0;

    /// A piece of the message, at most 64 KiB, valid during the call. What cannot be kept is told
    /// in the answer to DataComplete.
    virtual Flow on_data(std::string_view chunk, const Resume& resume) = 0;

    /// The client has sent bytes while the answer to Connected is due: it did not wait for the
    /// banner. Called at most once. The bytes (some of the first, valid during the call) stay
    /// unread for the session.
    virtual void on_early_talk(std::string_view first_bytes) { (void)first_bytes; }

    /// TLS is on: everything the client said before is void (RFC 3207 4.2), and HELO comes anew.
    virtual void on_tls(const TlsFacts& facts) = 0;

    /// The client was refused something, by this dialogue or by the session itself: `code` is 400
    /// or more. Called while the reply is written; asks nothing of the connection.
    virtual void on_refusal(smtp::Stage stage, int code) noexcept {
        (void)stage;
        (void)code;
    }

    /// What leads from a reply to the log, "(id)" behind refusals that the session or the server
    /// says by itself. Asked once. Empty: none.
    [[nodiscard]] virtual std::string_view trace_id() const { return {}; }

    /// The client has gone or was sent away, perhaps while an answer is due or in the middle of
    /// DATA.
    virtual void on_close(Ending why) = 0;
};

/// Called on a reactor thread for each connection, and again when XCLIENT names another client
/// (the dialogue before was closed). Not null. `timer` outlives the dialogue.
using DialogueFactory =
    std::function<std::unique_ptr<Dialogue>(const ClientFacts& client, Timer& timer)>;

}  // namespace postern::net
