#pragma once

/// @file Who answers a client: the door between the sockets and everything that decides.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/mail/ip_address.hpp"
#include "gateway/smtp/event.hpp"
#include "gateway/smtp/reply.hpp"

namespace postern::net {

struct ClientFacts {
    mail::IpAddress address;
    std::uint16_t port = 0;
    mail::IpAddress local_address;  ///< the one of ours that the client came to
    std::uint16_t local_port = 0;
    std::uint64_t connection = 0;  ///< unique in this process
};

/// Of an established TLS session.
struct TlsFacts {
    std::string protocol;  ///< "TLSv1.3"
    std::string cipher;    ///< "TLS_AES_256_GCM_SHA384"
};

/// Takes the answer to one event, now or later, on any thread. Only the first call counts; after
/// the connection has gone, none. Copyable, and may outlive connection and server.
using Answer = std::function<void(smtp::Reply reply)>;
/// Lets the data flow again after Flow::Pause; the same rules.
using Resume = std::function<void()>;

/// Continue: more data may come at once. Pause: not before `resume` was called.
enum class Flow { Continue, Pause };

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

    /// TLS is on: everything the client said before is void (RFC 3207 4.2), and HELO comes anew.
    virtual void on_tls(const TlsFacts& facts) = 0;

    /// The client has gone or was sent away, perhaps while an answer is due or in the middle of
    /// DATA.
    virtual void on_close() = 0;
};

/// Called on a reactor thread for each connection; not null.
using DialogueFactory = std::function<std::unique_ptr<Dialogue>(const ClientFacts& client)>;

}  // namespace postern::net
