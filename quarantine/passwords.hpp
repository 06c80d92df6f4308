#pragma once

/// @file Password hashes: argon2id (RFC 9106) by libsodium.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace postern::quarantine {

/// Hashes and checks, at most a few at once: each costs memory and time by design, and logins must
/// not be a way to take them from the rest.
class Passwords {
public:
    /// `memory` in bytes, at least 8 KiB; `passes` and `at_once` at least 1.
    Passwords(std::uint64_t passes, std::size_t memory, unsigned at_once);

    /// The hash with its salt and parameters as text; nullopt: not enough memory.
    [[nodiscard]] std::optional<std::string> hash(std::string_view password);
    [[nodiscard]] bool verify(const std::string& hash, std::string_view password);
    /// Takes as long as verify(), and is never true: for names that do not exist.
    [[nodiscard]] bool verify_nobody(std::string_view password);
    /// The hash was made with other parameters.
    [[nodiscard]] bool outdated(const std::string& hash) const;

private:
    class Turn;
    std::uint64_t passes_;
    std::size_t memory_;
    std::mutex mutex_;
    std::condition_variable freed_;
    unsigned free_;
    std::once_flag nobody_once_;
    std::string nobody_;
};

}  // namespace postern::quarantine
