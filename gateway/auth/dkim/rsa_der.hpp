#pragma once

/// @file The two numbers of an RSA public key in DER, read without OpenSSL: its decoder takes an
/// order of magnitude longer than the verification, and takes much more than a key.

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::auth::dkim {

/// Big-endian, without leading zeros; views into the input.
struct RsaNumbers {
    std::string_view modulus;
    std::string_view exponent;

    [[nodiscard]] std::uint32_t bits() const;
};

/// Reads SubjectPublicKeyInfo (RFC 5280 4.1) of an rsaEncryption key, or RSAPublicKey (RFC 8017
/// A.1.1), whole: nothing may follow. nullopt: it is neither, or a number is not positive.
[[nodiscard]] std::optional<RsaNumbers> parse_rsa_public_key(std::string_view der);

}  // namespace postern::auth::dkim
