#include "quarantine/passwords.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::quarantine {

// One of the places for hashing, held while it lives.
class Passwords::Turn {
public:
    explicit Turn(Passwords& passwords) : passwords_(passwords) {
        std::unique_lock lock(passwords_.mutex_);
        passwords_.freed_.wait(lock, [this] { return passwords_.free_ > 0; });
        --passwords_.free_;
    }
    ~Turn() {
        const std::lock_guard lock(passwords_.mutex_);
        ++passwords_.free_;
        passwords_.freed_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn(Turn&&) = delete;
    Turn& operator=(Turn&&) = delete;

private:
    Passwords& passwords_;
};

Passwords::Passwords(std::uint64_t passes, std::size_t memory, unsigned at_once)
    : passes_(std::max<std::uint64_t>(passes, crypto_pwhash_argon2id_OPSLIMIT_MIN)),
      memory_(std::max<std::size_t>(memory, crypto_pwhash_argon2id_MEMLIMIT_MIN)),
      free_(std::max(at_once, 1U)) {
    if (sodium_init() < 0) std::abort();
}

std::optional<std::string> Passwords::hash(std::string_view password) {
    const Turn turn(*this);
    std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
    if (crypto_pwhash_argon2id_str(text.data(), password.data(), password.size(), passes_,
                                   memory_) != 0) {
        return std::nullopt;
    }
    return std::string(text.data());
}

bool Passwords::verify(const std::string& hash, std::string_view password) {
    const Turn turn(*this);
    return crypto_pwhash_argon2id_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool Passwords::verify_nobody(std::string_view password) {
    std::call_once(nobody_once_, [this] {
        std::array<unsigned char, 32> secret{};
        randombytes_buf(secret.data(), secret.size());
        nobody_ = hash(to_hex(std::as_bytes(std::span(secret)))).value_or("");
    });
    return verify(nobody_, password) && false;
}

bool Passwords::outdated(const std::string& hash) const {
    return crypto_pwhash_argon2id_str_needs_rehash(hash.c_str(), passes_, memory_) != 0;
}

}  // namespace postern::quarantine
