#pragma once

/// @file The SMTP front: reactors that accept from given sockets and drive one Dialogue per client.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/net/admission.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/net/pace.hpp"
#include "gateway/net/tls_context.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::net {

struct Timeouts {
    std::chrono::milliseconds command = std::chrono::minutes(5);  ///< for one whole command
    std::chrono::milliseconds overload_command = std::chrono::seconds(10);  ///< when there is much
    std::chrono::milliseconds data = std::chrono::minutes(3);  ///< without a byte of the message
    std::chrono::milliseconds handshake = std::chrono::seconds(30);
    std::chrono::milliseconds write =
        std::chrono::minutes(3);  ///< without a byte taken by the client
    std::chrono::milliseconds session = std::chrono::milliseconds(0);  ///< of all; 0: none
    std::chrono::milliseconds proxy = std::chrono::seconds(5);         ///< for the PROXY header
};

struct ServerSettings {
    unsigned reactors = 0;  ///< threads; 0: one per core
    std::uint32_t max_connections = 30000;
    /// Sockets that the process can hold beside its other descriptors; 0: any number. Where it is
    /// less than max_connections, overload begins and new clients are refused just below it.
    std::uint32_t room = 0;
    std::uint32_t max_connections_per_client = 100;  ///< of one address (IPv6: of one /64)
    std::uint32_t max_connections_per_prefix = 500;  ///< of one /24 (IPv6: of one /56)
    std::vector<mail::Cidr> unlimited_clients = {};  ///< none of these limits but the total
    std::vector<mail::Cidr> proxies =
        {};  ///< must begin with a PROXY header (see proxy_header.hpp)
    std::vector<mail::Cidr> xclients = {};  ///< may say XCLIENT
    double overload_share = 0.8;            ///< of max_connections or of `pool`: overload begins
    double refuse_share = 0.95;             ///< likewise: new clients hear 421 4.3.2
    std::function<double()> pool = {};      ///< share of the decision queue taken; any thread
    Timeouts timeouts = {};
    Rates rates = {};
};

/// A bound and listening socket.
struct Listener {
    Listener(UniqueFd bound, bool tls = false) : socket(std::move(bound)), implicit_tls(tls) {}
    UniqueFd socket;
    bool implicit_tls;  ///< the handshake comes first (RFC 8314 3)
};

/// Plain callbacks, on reactor threads; each may be empty. They must not block or throw.
struct Observer {
    std::function<void()> opened = {};
    std::function<void()> closed = {};
    std::function<void(smtp::Stage stage, int code)> replied = {};
    std::function<void(std::string_view what)> bug = {};  ///< an exception ended a connection
    std::function<void(Refusal why)> refused = {};  ///< turned away before a dialogue was made
    std::function<void(const Load& load)> overload = {};  ///< it began or ended
    std::function<void()> handshake_failed = {};
};

class Server {
public:
    /// Listeners become non-blocking. `tls` may be null: then TLS is not offered, whatever
    /// `session` says, and listeners of implicit TLS close each connection at once. Throws
    /// std::system_error when the kernel refuses epoll or a listener.
    Server(ServerSettings settings, std::shared_ptr<const smtp::SessionSettings> session,
           std::shared_ptr<const TlsContext> tls, std::vector<Listener> listeners,
           DialogueFactory factory, Observer observer = {});
    /// As stop(0).
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    Server(Server&&) = delete;
    Server& operator=(Server&&) = delete;

    /// Begins to accept.
    void start();

    /// Accepts no more. Idle sessions get 421 at once; those in DATA or with an answer due go on up
    /// to their next reply, at most `grace`, and get 421 then. Returns when every connection has
    /// gone.
    void stop(std::chrono::milliseconds grace);

    /// For connections from now on; those that exist keep what they have.
    void use(std::shared_ptr<const smtp::SessionSettings> session);
    void use(std::shared_ptr<const TlsContext> tls);

    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] Load load() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::net
