#include "gateway/auth/dkim/public_key.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "gateway/auth/dkim/rsa_der.hpp"
#include "tests/support/auth/signed_mail.hpp"

namespace postern::auth::dkim {
namespace {

std::string rsa_spki() {
    return tests::rsa_key().public_bytes();
}

/// RSAPublicKey: what stands in the bit string of the other form.
std::string rsa_plain() {
    const std::string info = rsa_spki();
    const auto numbers = parse_rsa_public_key(info);
    const auto start = static_cast<std::size_t>(numbers->modulus.data() - info.data());
    // SEQUENCE, its long length, INTEGER, its long length, a zero for the sign
    return info.substr(start - 9);
}

TEST(RsaPublicKey, TakesBothForms) {
    for (const std::string& der : {rsa_spki(), rsa_plain()}) {
        const auto numbers = parse_rsa_public_key(der);
        ASSERT_TRUE(numbers);
        EXPECT_EQ(numbers->bits(), 2048U);
        EXPECT_EQ(numbers->exponent, std::string_view("\x01\x00\x01", 3));
        EXPECT_TRUE(PublicKey::parse(KeyType::Rsa, der, 8192));
    }
}

TEST(RsaPublicKey, TakesNothingElse) {
    const std::string good = rsa_spki();
    EXPECT_FALSE(PublicKey::parse(KeyType::Rsa, "", 8192));
    EXPECT_FALSE(PublicKey::parse(KeyType::Rsa, good + '\0', 8192)) << "something follows";
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_rsa_public_key(std::string_view(good).substr(0, size))) << size;
    }
    std::string other_algorithm = good;
    other_algorithm[14] = '\x02';
    EXPECT_FALSE(parse_rsa_public_key(other_algorithm));
}

TEST(RsaPublicKey, RefusesExponentsAndModuliThatProveNothing) {
    std::string one = rsa_plain();
    one[one.size() - 1] = '\x00';
    EXPECT_TRUE(parse_rsa_public_key(one));
    std::string exponent_one =
        rsa_plain().substr(0, rsa_plain().size() - 5) + std::string("\x02\x03\x00\x00\x01", 5);
    EXPECT_FALSE(PublicKey::parse(KeyType::Rsa, exponent_one, 8192)) << "e=1";
    std::string even = rsa_plain();
    even[even.size() - 6] = static_cast<char>(even[even.size() - 6] & '\xfe');
    EXPECT_FALSE(PublicKey::parse(KeyType::Rsa, even, 8192)) << "even modulus";
}

TEST(RsaPublicKey, BitLimitHoldsAtItsEdge) {
    EXPECT_TRUE(PublicKey::parse(KeyType::Rsa, rsa_spki(), 2048));
    const auto refused = PublicKey::parse(KeyType::Rsa, rsa_spki(), 2047);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), KeyError::TooBig);
}

TEST(Ed25519PublicKey, HasThirtyTwoBytes) {
    const std::string good = tests::ed25519_key().public_bytes();
    EXPECT_TRUE(PublicKey::parse(KeyType::Ed25519, good, 8192));
    EXPECT_FALSE(PublicKey::parse(KeyType::Ed25519, good.substr(1), 8192));
    EXPECT_FALSE(PublicKey::parse(KeyType::Ed25519, good + 'x', 8192));
}

TEST(PublicKey, BadSignaturesLeaveNoErrorBehind) {
    const Sha256Digest digest{};
    const auto rsa = PublicKey::parse(KeyType::Rsa, rsa_spki(), 8192);
    const auto ed25519 =
        PublicKey::parse(KeyType::Ed25519, tests::ed25519_key().public_bytes(), 8192);
    ASSERT_TRUE(rsa);
    ASSERT_TRUE(ed25519);
    for (const std::size_t size : {0U, 1U, 64U, 255U, 256U, 257U, 4096U}) {
        const std::string signature(size, '\xff');
        EXPECT_FALSE(rsa->verifies(digest, signature));
        EXPECT_FALSE(ed25519->verifies(digest, signature));
        EXPECT_EQ(ERR_peek_error(), 0U);
    }
}

}  // namespace
}  // namespace postern::auth::dkim
