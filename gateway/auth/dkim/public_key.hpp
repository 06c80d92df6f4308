#pragma once

/// @file Public keys and what they verify. The only place that hands hostile numbers to OpenSSL.

#include <cstdint>
#include <memory>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dkim/key_record.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::dkim {

enum class KeyError : std::uint8_t {
    Malformed,  ///< no SubjectPublicKeyInfo or RSAPublicKey, or not 32 bytes of Ed25519
    TooBig,     ///< more bits than are computed
    Refused,    ///< OpenSSL does not take it
};

class PublicKey {
public:
    /// Rsa: SubjectPublicKeyInfo or RSAPublicKey in DER (RFC 6376 3.6.1 and its erratum 3017).
    /// Ed25519: the 32 bytes (RFC 8463 4). RSA moduli beyond `max_rsa_bits` are TooBig.
    [[nodiscard]] static Outcome<PublicKey, KeyError> parse(KeyType type, std::string_view bytes,
                                                            std::uint32_t max_rsa_bits);
    ~PublicKey();
    PublicKey(PublicKey&&) noexcept;
    PublicKey& operator=(PublicKey&&) noexcept;
    PublicKey(const PublicKey&) = delete;
    PublicKey& operator=(const PublicKey&) = delete;

    [[nodiscard]] KeyType type() const;
    [[nodiscard]] std::uint32_t bits() const;
    /// Rsa: RSASSA-PKCS1-v1_5 of the digest (RFC 8017 8.2). Ed25519: PureEdDSA of the digest's 32
    /// bytes (RFC 8463 3). Leaves no error behind in OpenSSL's queue.
    [[nodiscard]] bool verifies(const Sha256Digest& digest, std::string_view signature) const;

private:
    struct State;
    explicit PublicKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace postern::auth::dkim
