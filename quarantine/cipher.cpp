#include "quarantine/cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace postern::quarantine {
namespace {

constexpr std::string_view kMagic = "POSTERNQ";
constexpr std::array<std::byte, 4> kVersion = {std::byte{1}, std::byte{1}, std::byte{0},
                                               std::byte{0}};  // format 1, cipher 1
constexpr std::size_t kPrefixSize = 7;
constexpr std::size_t kNonceSize = 12;
constexpr std::string_view kBlobInfo = "postern.blob/1";
constexpr std::string_view kKeyIdInfo = "postern.blob/1 key id";

// OpenSSL takes unsigned char, and not always const.
unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

// A library that cannot do SHA-256 or AES is broken: nothing can be kept safely, so stop.
void demand(bool condition) {
    if (!condition) std::abort();
}

void hkdf(const Key& key, ByteView salt, std::string_view info, std::span<std::byte> into) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
        EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
    demand(kdf != nullptr);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
        EVP_KDF_CTX_new(kdf.get()), &EVP_KDF_CTX_free);
    demand(context != nullptr);
    std::string digest = "SHA256";
    auto secret = key.bytes();
    std::vector<std::byte> salt_copy(salt.begin(), salt.end());
    std::string info_copy(info);
    const std::array<OSSL_PARAM, 5> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy.data(), salt_copy.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info_copy.data(), info_copy.size()),
        OSSL_PARAM_construct_end()};
    demand(EVP_KDF_derive(context.get(), raw(into.data()), into.size(), parameters.data()) == 1);
    OPENSSL_cleanse(secret.data(), secret.size());
}

}  // namespace

EncodedHeader encode_header(const BlobHeader& header) {
    EncodedHeader bytes{};
    const ByteView magic = as_bytes(kMagic);
    auto at = std::copy(magic.begin(), magic.end(), bytes.begin());
    at = std::copy(kVersion.begin(), kVersion.end(), at);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        *at++ = static_cast<std::byte>(header.chunk_size >> shift & 0xffU);
    }
    at = std::copy(header.key_id.begin(), header.key_id.end(), at);
    std::copy(header.salt.begin(), header.salt.end(), at);
    return bytes;
}

std::optional<BlobHeader> parse_header(ByteView bytes) {
    ByteReader reader(bytes);
    const auto magic = reader.take(kMagic.size());
    const auto version = reader.take(kVersion.size());
    const auto chunk_size = reader.u32();
    const auto id = reader.take(kKeyIdSize);
    const auto salt = reader.take(kSaltSize);
    if (!magic || !version || !chunk_size || !id || !salt) return std::nullopt;
    if (!std::ranges::equal(*magic, as_bytes(kMagic))) return std::nullopt;
    if (!std::ranges::equal(*version, kVersion)) return std::nullopt;
    if (*chunk_size < kMinChunk || *chunk_size > kMaxChunk) return std::nullopt;
    BlobHeader header;
    header.chunk_size = *chunk_size;
    std::ranges::copy(*id, header.key_id.begin());
    std::ranges::copy(*salt, header.salt.begin());
    return header;
}

std::array<std::byte, kKeyIdSize> key_id(const Key& key) {
    std::array<std::byte, kKeyIdSize> id{};
    // No salt is a salt of zeros (RFC 5869, 2.2); OpenSSL refuses an empty one.
    constexpr std::array<std::byte, kSaltSize> kNoSalt{};
    hkdf(key, kNoSalt, kKeyIdInfo, id);
    return id;
}

BlobHeader fresh_header(const Key& key, std::uint32_t chunk_size) {
    demand(chunk_size >= kMinChunk && chunk_size <= kMaxChunk);
    BlobHeader header{chunk_size, key_id(key), {}};
    demand(RAND_bytes(raw(header.salt.data()), static_cast<int>(header.salt.size())) == 1);
    return header;
}

struct ChunkCipher::State {
    std::array<std::byte, Key::kSize> key{};
    std::array<std::byte, kPrefixSize> prefix{};
    std::string associated;  // header and digest
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(),
                                                                            &EVP_CIPHER_CTX_free};

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    State(State&&) = delete;
    State& operator=(State&&) = delete;
    ~State() { OPENSSL_cleanse(key.data(), key.size()); }

    void begin(std::uint32_t number, bool last, bool sealing) {
        std::array<std::byte, kNonceSize> nonce{};
        auto at = std::copy(prefix.begin(), prefix.end(), nonce.begin());
        for (int shift = 24; shift >= 0; shift -= 8) {
            *at++ = static_cast<std::byte>(number >> shift & 0xffU);
        }
        *at = static_cast<std::byte>(last ? 1 : 0);
        demand(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.data()),
                                 raw(nonce.data()), sealing ? 1 : 0) == 1);
        int length = 0;
        const ByteView data = as_bytes(associated);
        demand(EVP_CipherUpdate(context.get(), nullptr, &length, raw(data.data()),
                                static_cast<int>(data.size())) == 1);
    }

    void transform(ByteView from, std::byte* into) {
        if (from.empty()) return;
        int length = 0;
        demand(EVP_CipherUpdate(context.get(), raw(into), &length, raw(from.data()),
                                static_cast<int>(from.size())) == 1);
    }
};

ChunkCipher::ChunkCipher(const Key& key, const BlobHeader& header, std::string_view sha256)
    : state_(std::make_unique<State>()) {
    demand(state_->context != nullptr);
    std::array<std::byte, Key::kSize + kPrefixSize> derived{};
    hkdf(key, header.salt, kBlobInfo, derived);
    std::copy_n(derived.begin(), Key::kSize, state_->key.begin());
    std::copy_n(derived.begin() + Key::kSize, kPrefixSize, state_->prefix.begin());
    OPENSSL_cleanse(derived.data(), derived.size());
    for (const std::byte b : encode_header(header)) {
        state_->associated += static_cast<char>(std::to_integer<unsigned char>(b));
    }
    state_->associated += sha256;
}
ChunkCipher::~ChunkCipher() = default;
ChunkCipher::ChunkCipher(ChunkCipher&&) noexcept = default;
ChunkCipher& ChunkCipher::operator=(ChunkCipher&&) noexcept = default;

void ChunkCipher::seal(std::uint32_t number, bool last, ByteView plain,
                       std::span<std::byte> sealed) {
    demand(plain.size() <= kMaxChunk && sealed.size() == plain.size() + kTagSize);
    state_->begin(number, last, true);
    state_->transform(plain, sealed.data());
    std::array<std::byte, kTagSize> rest{};
    int length = 0;
    demand(EVP_CipherFinal_ex(state_->context.get(), raw(rest.data()), &length) == 1);
    demand(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize,
                               sealed.subspan(plain.size()).data()) == 1);
}

bool ChunkCipher::open(std::uint32_t number, bool last, ByteView sealed,
                       std::span<std::byte> plain) {
    demand(sealed.size() == plain.size() + kTagSize && plain.size() <= kMaxChunk);
    state_->begin(number, last, false);
    state_->transform(sealed.first(plain.size()), plain.data());
    std::array<std::byte, kTagSize> tag{};
    std::ranges::copy(sealed.last(kTagSize), tag.begin());
    demand(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize,
                               tag.data()) == 1);
    std::array<std::byte, kTagSize> rest{};
    int length = 0;
    if (EVP_CipherFinal_ex(state_->context.get(), raw(rest.data()), &length) == 1) return true;
    if (!plain.empty()) OPENSSL_cleanse(plain.data(), plain.size());
    return false;
}

}  // namespace postern::quarantine
