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
#include "gateway/net/dialogue.hpp"
#include "gateway/net/tls_context.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::net {

struct Timeouts {
    std::chrono::milliseconds command = std::chrono::minutes(5);  ///< for one whole command
    std::chrono::milliseconds data = std::chrono::minutes(3);     ///< without a byte of the message
    std::chrono::milliseconds handshake = std::chrono::seconds(30);
    std::chrono::milliseconds write =
        std::chrono::minutes(3);  ///< without a byte taken by the client
    std::chrono::milliseconds session = std::chrono::milliseconds(0);  ///< of all; 0: none
};

struct ServerSettings {
    unsigned reactors = 0;  ///< threads; 0: one per core
    std::uint32_t max_connections = 20000;
    std::uint32_t max_connections_per_client = 100;  ///< of one address (IPv6: of one /64)
    std::vector<mail::Cidr> unlimited_clients = {};  ///< no limit per client for these
    Timeouts timeouts = {};
};

/// Plain callbacks, on reactor threads; each may be empty. They must not block or throw.
struct Observer {
    std::function<void()> opened = {};
    std::function<void()> closed = {};
    std::function<void(smtp::Stage stage, int code)> replied = {};
    std::function<void(std::string_view what)> bug = {};  ///< an exception ended a connection
};

class Server {
public:
    /// `listeners` are bound and listening; they become non-blocking. `tls` may be null: then TLS
    /// is not offered, whatever `session` says. Throws std::system_error when the kernel refuses
    /// epoll or a listener.
    Server(ServerSettings settings, std::shared_ptr<const smtp::SessionSettings> session,
           std::shared_ptr<const TlsContext> tls, std::vector<UniqueFd> listeners,
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

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::net
