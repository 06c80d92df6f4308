#pragma once

/// @file Our certificate and key, and the rules for TLS with clients: 1.2 or later, any client
/// certificate ignored.

#include <memory>
#include <string>

#include "analyzers/base/outcome.hpp"

namespace postern::net {

/// Immutable once made; sessions keep the one they began with alive. Thread-safe.
class TlsContext {
public:
    /// PEM files: the certificate with its chain, and its key. Fails with a sentence for the
    /// operator.
    [[nodiscard]] static Outcome<std::shared_ptr<const TlsContext>, std::string> load(
        const std::string& certificate, const std::string& key);
    /// A certificate made for this process: opportunistic TLS asks for no more (RFC 7435).
    [[nodiscard]] static Outcome<std::shared_ptr<const TlsContext>, std::string> self_signed(
        const std::string& hostname);

    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    TlsContext(TlsContext&&) = delete;
    TlsContext& operator=(TlsContext&&) = delete;

    struct State;
    [[nodiscard]] const State& state() const { return *state_; }  ///< for gateway/net only

private:
    explicit TlsContext(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace postern::net
