#pragma once

/// @file A ClientSession on a Wire: what one connection to the next hop can do, call by call.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/relay/hop_settings.hpp"
#include "gateway/relay/targets.hpp"
#include "gateway/relay/tls_client.hpp"
#include "gateway/relay/wire.hpp"
#include "gateway/smtp/client_session.hpp"

namespace postern::relay {

/// The connection is gone.
struct Lost {
    std::optional<smtp::PeerReply> reply = {};  ///< what the next hop said when it closed
    std::string detail = {};                    ///< for the operator
    bool tls = false;                           ///< the TLS handshake failed
};

class Connection {
public:
    /// Connects and greets, with TLS as `target` says; all of it before `limit`. `context` may be
    /// null for ClientTls::None.
    [[nodiscard]] static Outcome<std::unique_ptr<Connection>, Lost> open(
        const HopSettings& settings, const Target& target, const TlsClientContext* context,
        int wake, Clock::time_point limit);

    [[nodiscard]] smtp::ClientSession& session() { return session_; }

    /// Sends what the session has to say.
    [[nodiscard]] Outcome<Done, Lost> flush(Clock::time_point deadline);
    /// Sends, and waits for the answer to the oldest command without one.
    [[nodiscard]] Outcome<smtp::PeerReply, Lost> answer(Clock::time_point deadline);
    /// RSET, without waiting. False: the connection is of no more use.
    [[nodiscard]] bool reset_at_once();
    /// Takes the answer to that RSET. False: closed, disturbed or not answered by 250.
    [[nodiscard]] bool settle(Clock::time_point deadline);
    /// QUIT, without waiting for the answer.
    void say_goodbye();

    std::size_t messages = 0;           ///< transactions begun
    Clock::time_point idle_since = {};  ///< set by the pool

private:
    Connection(Wire wire, smtp::ClientSettings settings)
        : wire_(std::move(wire)), session_(std::move(settings)) {}
    [[nodiscard]] Outcome<smtp::ClientEvent, Lost> event(Clock::time_point deadline);
    [[nodiscard]] std::optional<Outcome<smtp::ClientEvent, Lost>> session_event();
    [[nodiscard]] Lost lost(WireError error);
    [[nodiscard]] Outcome<Done, Lost> greet(const Target& target, const TlsClientContext* context,
                                            Clock::time_point deadline);

    Wire wire_;
    smtp::ClientSession session_;
};

}  // namespace postern::relay
