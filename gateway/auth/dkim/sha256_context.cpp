#include "gateway/auth/dkim/sha256_context.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace postern::auth::dkim {
namespace {

using ContextPointer = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

/// Fetched once: a fetch takes a lock and costs more than hashing a small header.
const EVP_MD* algorithm() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(
        EVP_MD_fetch(nullptr, "SHA2-256", nullptr), &EVP_MD_free);
    return fetched.get();
}

ContextPointer make_context() {
    ContextPointer made(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!made) std::abort();
    return made;
}

}  // namespace

struct Sha256Context::State {
    ContextPointer running = make_context();
};

Sha256Context::Sha256Context() : state_(std::make_unique<State>()) {
    if (EVP_DigestInit_ex2(state_->running.get(), algorithm(), nullptr) != 1) std::abort();
}
Sha256Context::~Sha256Context() = default;
Sha256Context::Sha256Context(Sha256Context&&) noexcept = default;
Sha256Context& Sha256Context::operator=(Sha256Context&&) noexcept = default;

void Sha256Context::update(std::string_view bytes) {
    if (EVP_DigestUpdate(state_->running.get(), bytes.data(), bytes.size()) != 1) std::abort();
}

Sha256Digest Sha256Context::digest() const {
    const ContextPointer copy = make_context();
    Sha256Digest result{};
    if (EVP_MD_CTX_copy_ex(copy.get(), state_->running.get()) != 1 ||
        EVP_DigestFinal_ex(copy.get(), result.data(), nullptr) != 1) {
        std::abort();
    }
    return result;
}

Sha256Context Sha256Context::copy() const {
    Sha256Context other;
    if (EVP_MD_CTX_copy_ex(other.state_->running.get(), state_->running.get()) != 1) std::abort();
    return other;
}

Sha256Digest sha256(std::string_view bytes) {
    Sha256Context context;
    context.update(bytes);
    return context.digest();
}

}  // namespace postern::auth::dkim
