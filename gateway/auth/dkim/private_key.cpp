#include "gateway/auth/dkim/private_key.hpp"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <utility>

#include "analyzers/base/base64.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/auth/dkim/openssl_handles.hpp"
#include "gateway/auth/dkim/public_key.hpp"

namespace postern::auth::dkim {
namespace {

constexpr std::uint32_t kLeastRsaBits = 1024;  // RFC 8301 3.2: what verifiers take at least
constexpr std::uint32_t kMostRsaBits = 8192;
constexpr std::uint32_t kLeastNewRsaBits = 2048;  // RFC 8301 3.2: what signers SHOULD use
constexpr std::size_t kMaxFile = std::size_t{64} << 10U;

std::string system_text(int number) {
    return std::generic_category().message(number);
}

/// Never asks for a passphrase: an encrypted key is an error.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) {
    return -1;
}

std::string text_of(BIO* stream) {
    std::string text;
    std::array<char, 4096> piece{};
    for (int got = 0; (got = BIO_read(stream, piece.data(), piece.size())) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
}

std::string rsa_public_der(EVP_PKEY* key) {
    const Stream stream(BIO_new(BIO_s_mem()));
    if (!stream || i2d_PUBKEY_bio(stream.get(), key) != 1) return {};
    return text_of(stream.get());
}

std::string ed25519_public_bytes(EVP_PKEY* key) {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    const bool done = EVP_PKEY_get_raw_public_key(key, writable_bytes_of(bytes), &size) == 1;
    return done ? bytes : std::string();
}

std::optional<std::string> sign_rsa(EVP_PKEY* key, const Sha256Digest& digest) {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    std::size_t size = 0;
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), rsa_digest()) != 1 ||
        EVP_PKEY_sign(context.get(), nullptr, &size, digest.data(), digest.size()) != 1) {
        return std::nullopt;
    }
    std::string made(size, '\0');
    if (EVP_PKEY_sign(context.get(), writable_bytes_of(made), &size, digest.data(),
                      digest.size()) != 1) {
        return std::nullopt;
    }
    made.resize(size);
    return made;
}

std::optional<std::string> sign_ed25519(EVP_PKEY* key, const Sha256Digest& digest) {
    const DigestContext context(EVP_MD_CTX_new());
    std::string made(64, '\0');
    std::size_t size = made.size();
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr) !=
            1 ||
        EVP_DigestSign(context.get(), writable_bytes_of(made), &size, digest.data(),
                       digest.size()) != 1) {
        return std::nullopt;
    }
    return made;
}

/// Reads at most kMaxFile bytes of a file whose mode keeps others out.
Outcome<std::string, std::string> read_key_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return Failure{path + ": " + system_text(errno)};
    }
    if (!S_ISREG(status.st_mode)) return Failure{path + ": is no regular file"};
    if ((status.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) != 0) {
        return Failure{path + ": others can get at this key; mode 0600 or 0640 is expected"};
    }
    std::string text(kMaxFile, '\0');
    const ssize_t got = ::read(file.get(), text.data(), text.size());
    if (got < 0) return Failure{path + ": " + system_text(errno)};
    text.resize(static_cast<std::size_t>(got));
    return text;
}

}  // namespace

struct PrivateKey::State {
    Key key;
    KeyType type;
    std::uint32_t bits;
};

namespace {

/// What kind of key it is, or why we do not sign with it.
Outcome<KeyType, std::string> judge(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyType::Ed25519;
    if (EVP_PKEY_is_a(key, "RSA") != 1) {
        return Failure{
            std::string("key is of no kind that signs mail; RSA or Ed25519 is expected")};
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < static_cast<int>(kLeastRsaBits) || bits > static_cast<int>(kMostRsaBits)) {
        return Failure{"RSA key has " + std::to_string(bits) + " bits; 1024 to 8192 are expected"};
    }
    return KeyType::Rsa;
}

/// A key whose halves do not belong together would break every message that it signs.
bool signs_what_it_verifies(const PrivateKey& key) {
    Sha256Digest digest{};
    digest.fill(0x5a);
    const auto made = key.sign(digest);
    const auto half = PublicKey::parse(key.type(), key.public_bytes(), kMostRsaBits);
    return made && half && half->verifies(digest, *made);
}

}  // namespace

PrivateKey::PrivateKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PrivateKey::~PrivateKey() = default;
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;

PrivateKey::Result PrivateKey::parse(std::string_view pem) {
    const CleanErrors errors;
    const Stream stream(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Key key;
    if (stream) key.reset(PEM_read_bio_PrivateKey(stream.get(), nullptr, no_passphrase, nullptr));
    if (!key) return Failure{std::string("no unencrypted private key in PEM was found")};
    const auto type = judge(key.get());
    if (!type) return Failure{type.error()};
    const auto bits = static_cast<std::uint32_t>(EVP_PKEY_get_bits(key.get()));
    PrivateKey made(std::make_unique<State>(State{std::move(key), *type, bits}));
    if (!signs_what_it_verifies(made)) {
        return Failure{std::string("key does not verify what it signs")};
    }
    return made;
}

PrivateKey::Result PrivateKey::read(const std::string& path) {
    const auto text = read_key_file(path);
    if (!text) return Failure{text.error()};
    auto parsed = parse(*text);
    if (!parsed) return Failure{path + ": " + parsed.error()};
    return parsed;
}

PrivateKey::Result PrivateKey::generate(KeyType type, std::uint32_t bits) {
    const CleanErrors errors;
    if (type == KeyType::Rsa && (bits < kLeastNewRsaBits || bits > kMostRsaBits)) {
        return Failure{std::string("RSA keys are made with 2048 to 8192 bits")};
    }
    Key key(type == KeyType::Rsa
                ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits))
                : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) return Failure{std::string("OpenSSL could not make a key")};
    const auto made_bits = static_cast<std::uint32_t>(EVP_PKEY_get_bits(key.get()));
    return PrivateKey(std::make_unique<State>(State{std::move(key), type, made_bits}));
}

KeyType PrivateKey::type() const {
    return state_->type;
}

std::uint32_t PrivateKey::bits() const {
    return state_->bits;
}

std::optional<std::string> PrivateKey::sign(const Sha256Digest& digest) const {
    const CleanErrors errors;
    return state_->type == KeyType::Rsa ? sign_rsa(state_->key.get(), digest)
                                        : sign_ed25519(state_->key.get(), digest);
}

std::string PrivateKey::pem() const {
    const CleanErrors errors;
    const Stream stream(BIO_new(BIO_s_secmem()));
    if (!stream || PEM_write_bio_PKCS8PrivateKey(stream.get(), state_->key.get(), nullptr, nullptr,
                                                 0, nullptr, nullptr) != 1) {
        return {};
    }
    return text_of(stream.get());
}

std::string PrivateKey::public_bytes() const {
    const CleanErrors errors;
    return state_->type == KeyType::Rsa ? rsa_public_der(state_->key.get())
                                        : ed25519_public_bytes(state_->key.get());
}

std::string PrivateKey::record() const {
    const std::string bytes = public_bytes();
    return std::string("v=DKIM1; k=") + (state_->type == KeyType::Rsa ? "rsa" : "ed25519") +
           "; p=" + base64_encode(std::as_bytes(std::span(bytes)));
}

}  // namespace postern::auth::dkim
