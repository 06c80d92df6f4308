#pragma once

/// @file The client's half of one TLS connection over memory: ciphertext goes in and comes out, and
/// who moves it decides about waiting. TLS 1.2 or later.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/dns/resolver.hpp"

namespace postern::relay {

class TlsClient;

/// What a server has to prove during the handshake.
struct TlsProof {
    /// None: nothing. Name: an authority we trust certifies one of `names`. Dane: one of `tlsa`
    /// matches (RFC 7672: usages 2, with one of `names`, and 3, without regard to names and dates).
    /// Pin: the SHA-256 of its key (SPKI) or certificate is one of `pins`.
    enum class Kind : std::uint8_t { None, Name, Dane, Pin };
    Kind kind = Kind::None;
    std::string server_name = {};         ///< for SNI; an address is not told
    std::vector<std::string> names = {};  ///< names or addresses; at least one for Name and Dane
    std::vector<dns::TlsaRecord> tlsa = {};
    std::vector<std::string> pins = {};  ///< 32 raw bytes each
};

/// The records that RFC 7672 lets a client use: DANE-TA(2) or DANE-EE(3), of a known selector and
/// matching type, with as many bytes as that has.
[[nodiscard]] std::vector<dns::TlsaRecord> usable(const std::vector<dns::TlsaRecord>& records);

/// What the connections of one next hop share. Thread-safe.
class TlsClientContext {
public:
    /// `trust`: PEM file of authorities; empty: the system's. Throws std::runtime_error when it
    /// cannot be used.
    explicit TlsClientContext(const std::string& trust);
    ~TlsClientContext();
    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;

    [[nodiscard]] TlsClient connect(const TlsProof& proof) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

class TlsClient {
public:
    enum class Progress { Done, NeedsInput, Failed };

    struct State;
    explicit TlsClient(std::unique_ptr<State> state);
    ~TlsClient();
    TlsClient(TlsClient&&) noexcept;
    TlsClient& operator=(TlsClient&&) noexcept;
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// Ciphertext from the peer. False: out of memory.
    [[nodiscard]] bool feed(std::string_view ciphertext);
    /// Ciphertext for the peer; look after every other call.
    [[nodiscard]] std::string take_output();

    /// Done: the server has proven what it had to. Failed: why() tells.
    [[nodiscard]] Progress handshake();
    /// For the operator, after a failed handshake: "self-signed certificate".
    [[nodiscard]] const std::string& why() const;
    /// Done: `plaintext` got at least one byte. Failed also when the peer has ended TLS.
    [[nodiscard]] Progress read(std::string& plaintext);
    [[nodiscard]] Progress write(std::string_view plaintext);

private:
    std::unique_ptr<State> state_;
};

}  // namespace postern::relay
