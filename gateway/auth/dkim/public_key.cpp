#include "gateway/auth/dkim/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/auth/dkim/openssl_handles.hpp"
#include "gateway/auth/dkim/rsa_der.hpp"

namespace postern::auth::dkim {
namespace {

using Ed25519Point = std::array<unsigned char, crypto_sign_ed25519_PUBLICKEYBYTES>;
constexpr std::size_t kMaxExponentSize = 8;  // bytes; what OpenSSL takes for long moduli

Number number_of(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key make_rsa(const RsaNumbers& numbers) {
    const Number n = number_of(numbers.modulus);
    const Number e = number_of(numbers.exponent);
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    if (!n || !e || !builder || !context ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return nullptr;
    }
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    EVP_PKEY* made = nullptr;
    if (!params || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return nullptr;
    }
    return Key(made);
}

bool rsa_verifies(EVP_PKEY* key, const Sha256Digest& digest, std::string_view signature) {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_verify_init(context.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context.get(), rsa_digest()) == 1 &&
           EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), digest.data(),
                           digest.size()) == 1;
}

/// By libsodium: in half the time that OpenSSL 3.0 takes, and it knows the keys that verify
/// everything (points of small order).
bool ed25519_verifies(const Ed25519Point& point, const Sha256Digest& digest,
                      std::string_view signature) {
    return signature.size() == crypto_sign_ed25519_BYTES &&
           crypto_sign_ed25519_verify_detached(bytes_of(signature), digest.data(), digest.size(),
                                               point.data()) == 0;
}

}  // namespace

struct PublicKey::State {
    Key rsa;
    Ed25519Point point;
    KeyType type;
    std::uint32_t bits;
};

PublicKey::PublicKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicKey::~PublicKey() = default;
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;

Outcome<PublicKey, KeyError> PublicKey::parse(KeyType type, std::string_view bytes,
                                              std::uint32_t max_rsa_bits) {
    const CleanErrors errors;
    Key key;
    Ed25519Point point{};
    std::uint32_t bits = 256;
    if (type == KeyType::Ed25519) {
        if (bytes.size() != point.size()) return Failure{KeyError::Malformed};
        std::copy_n(bytes_of(bytes), point.size(), point.begin());
    } else {
        const auto numbers = parse_rsa_public_key(bytes);
        if (!numbers) return Failure{KeyError::Malformed};
        bits = numbers->bits();
        if (bits > max_rsa_bits) return Failure{KeyError::TooBig};
        if (numbers->exponent.size() > kMaxExponentSize) return Failure{KeyError::TooBig};
        // An even modulus or an exponent of 1 verifies what nobody has signed.
        const bool odd = (static_cast<unsigned char>(numbers->modulus.back()) & 1U) != 0;
        if (!odd || numbers->exponent == "\x01") return Failure{KeyError::Malformed};
        key = make_rsa(*numbers);
        if (!key) return Failure{KeyError::Refused};
    }
    return PublicKey(std::make_unique<State>(State{std::move(key), point, type, bits}));
}

KeyType PublicKey::type() const {
    return state_->type;
}

std::uint32_t PublicKey::bits() const {
    return state_->bits;
}

bool PublicKey::verifies(const Sha256Digest& digest, std::string_view signature) const {
    const CleanErrors errors;
    return state_->type == KeyType::Rsa ? rsa_verifies(state_->rsa.get(), digest, signature)
                                        : ed25519_verifies(state_->point, digest, signature);
}

}  // namespace postern::auth::dkim
