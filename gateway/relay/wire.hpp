#pragma once

/// @file One connected socket, in the clear or under TLS, with deadlines instead of blocking.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/relay/tls_client.hpp"

namespace postern::relay {

using Clock = std::chrono::steady_clock;

enum class WireError { TimedOut, Closed, Refused, Tls, ShutDown };
/// A clause for the operator: "timed out".
[[nodiscard]] std::string_view explain(WireError error);

/// Where to connect: an IP address and port, or a UNIX socket's path with a leading '/'.
struct Endpoint {
    std::string address;
    std::uint16_t port = 0;
};

class Wire {
public:
    /// `wake` becomes readable when everything has to stop; it must outlive the wire.
    [[nodiscard]] static Outcome<Wire, WireError> connect(const Endpoint& to, int wake,
                                                          Clock::time_point deadline);

    /// Whatever came, at least one byte. Closed: the peer ended the connection, in whatever way.
    [[nodiscard]] Outcome<std::string, WireError> read(Clock::time_point deadline);
    /// All of it.
    [[nodiscard]] Outcome<Done, WireError> write(std::string_view bytes,
                                                 Clock::time_point deadline);
    /// Afterwards read() and write() go through TLS.
    [[nodiscard]] Outcome<Done, WireError> start_tls(TlsClient tls, Clock::time_point deadline);
    /// Why start_tls() ended in WireError::Tls, for the operator.
    [[nodiscard]] const std::string& tls_problem() const { return tls_problem_; }

    /// True when the peer has sent something, or has gone, while nobody asked.
    [[nodiscard]] bool stirred() const;
    /// One attempt, without waiting, in the clear or not. False: not all of it went, and the
    /// connection is of no more use.
    [[nodiscard]] bool write_at_once(std::string_view bytes);

private:
    Wire(UniqueFd descriptor, int wake) : descriptor_(std::move(descriptor)), wake_(wake) {}
    [[nodiscard]] Outcome<Done, WireError> wait(short events, Clock::time_point deadline) const;
    [[nodiscard]] Outcome<std::string, WireError> receive(Clock::time_point deadline);
    [[nodiscard]] Outcome<Done, WireError> transmit(std::string_view bytes,
                                                    Clock::time_point deadline);

    UniqueFd descriptor_;
    int wake_;
    std::optional<TlsClient> tls_;
    std::string tls_problem_;
};

}  // namespace postern::relay
