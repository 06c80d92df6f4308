#pragma once

/// @file Our certificates and keys, and the rules for TLS with clients. Client certificates are
/// facts, never a condition: opportunistic TLS asks for no more (RFC 7435).

#include <memory>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::net {

/// PEM text: a certificate with its chain behind it, and its key, without passphrase.
struct TlsIdentity {
    std::string certificate = {};
    std::string key = {};
    std::string origin = {};  ///< for messages: file names
};

struct TlsRules {
    bool tls13_only = false;  ///< else 1.2 or later
    bool ask_client_certificate = false;
    std::string client_ca = {};  ///< PEM text of CAs; empty: no client certificate is verified
};

/// Immutable once made; sessions keep the one they began with alive. Thread-safe.
class TlsContext {
public:
    using Made = Outcome<std::shared_ptr<const TlsContext>, std::string>;

    /// The first identity is for clients that name no server (SNI), or none that we are; each other
    /// for the names in its certificate, wildcards included (RFC 6125 6.4.3). Fails with a sentence
    /// for the operator.
    [[nodiscard]] static Made make(const std::vector<TlsIdentity>& identities,
                                   const TlsRules& rules);
    /// One identity, from PEM files.
    [[nodiscard]] static Made load(const std::string& certificate, const std::string& key);
    /// A certificate made for this process.
    [[nodiscard]] static Made self_signed(const std::string& hostname);

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

/// Reads both files; fails with a sentence for the operator.
[[nodiscard]] Outcome<TlsIdentity, std::string> read_identity(const std::string& certificate,
                                                              const std::string& key);

}  // namespace postern::net
