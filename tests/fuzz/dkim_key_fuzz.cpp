/// @file Whatever the key record and its key: no crash, bits within the limit, a signature of
/// nothing never verifies, and OpenSSL's error queue stays empty.

#include <openssl/err.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/auth/dkim/key_record.hpp"
#include "gateway/auth/dkim/public_key.hpp"

namespace {

using postern::auth::dkim::KeyType;
using postern::auth::dkim::PublicKey;

constexpr std::uint32_t kMaxBits = 4096;

void check(KeyType type, std::string_view bytes) {
    const auto key = PublicKey::parse(type, bytes, kMaxBits);
    if (ERR_peek_error() != 0) std::abort();
    if (!key) return;
    if (key->bits() > kMaxBits || key->type() != type) std::abort();
    postern::auth::dkim::Sha256Digest digest{};
    digest.fill(0x3c);
    if (key->verifies(digest, "")) std::abort();
    (void)key->verifies(digest, std::string(64, '\x01'));
    if (ERR_peek_error() != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    check(KeyType::Rsa, text);
    check(KeyType::Ed25519, text);
    const auto record = postern::auth::dkim::parse_key_record(text);
    if (!record) {
        if (describe(record.error()).empty()) std::abort();
        return 0;
    }
    if (record->key.size() > text.size()) std::abort();
    check(record->type, record->key);
    return 0;
}
