#pragma once

/// @file People who may use the review interface, and their sessions.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/audit.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

class Database;
class Passwords;

/// Reviewer: look, release, delete. Admin: also accounts and the audit log.
enum class Role : std::uint8_t { Reviewer, Admin };
[[nodiscard]] std::string_view name(Role value);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

struct AccountSettings {
    std::uint64_t argon2_passes = 2;       ///< argon2id t
    std::size_t argon2_memory = 19 << 20;  ///< argon2id m, bytes
    unsigned hashes_at_once = 2;           ///< further callers wait: bounds memory and CPU
    std::chrono::milliseconds window = std::chrono::minutes(15);  ///< of the failures counted
    std::uint32_t failures_per_account = 10;  ///< then Throttled until the window is over
    std::uint32_t failures_per_address = 30;  ///< IPv6: per /64
    std::size_t throttle_rows = 10000;        ///< failure counters kept
    std::size_t sessions_per_user = 20;       ///< the oldest ends when one more begins
};
inline constexpr std::size_t kMinPassword = 10;   ///< bytes
inline constexpr std::size_t kMaxPassword = 256;  ///< bytes
inline constexpr std::size_t kMaxUserName = 64;

struct User {
    std::string name;  ///< [a-z0-9][a-z0-9._@-]*, lower case
    Role role = Role::Reviewer;
    bool disabled = false;
    UnixMs created = 0;
    UnixMs password_changed = 0;
    std::optional<UnixMs> last_login = {};

    friend bool operator==(const User&, const User&) = default;
};

/// Refused says nothing of why: unknown name, wrong password and disabled account look alike and
/// take as long. Throttled is said before the password is looked at.
enum class LoginError : std::uint8_t { Refused, Throttled, Store };

/// The token goes to the browser and is kept nowhere: the database has its SHA-256.
struct NewSession {
    std::string token;  ///< 64 hexadecimal digits, 256 random bits
    UnixMs expires = 0;
    User user;
};
struct Session {
    User user;
    UnixMs created = 0;
    UnixMs expires = 0;
    std::string remote;  ///< address it was made from
};

/// All functions may be called from any thread and any process, and block. Changes are in the audit
/// log, in the same transaction.
class Accounts {
public:
    Accounts(Database& database, const AccountSettings& settings);
    ~Accounts();
    Accounts(const Accounts&) = delete;
    Accounts& operator=(const Accounts&) = delete;
    Accounts(Accounts&&) = delete;
    Accounts& operator=(Accounts&&) = delete;

    /// Invalid: name or password against the rules above. Conflict: name taken.
    [[nodiscard]] Outcome<User, StoreError> add(std::string_view name, std::string_view password,
                                                Role role, const Actor& who);
    /// Ends the user's sessions and forgets the account's failures.
    [[nodiscard]] Outcome<Done, StoreError> set_password(std::string_view name,
                                                         std::string_view password,
                                                         const Actor& who);
    /// Disabling ends the user's sessions. Conflict: it would leave no admin that can log in.
    [[nodiscard]] Outcome<Done, StoreError> set_disabled(std::string_view name, bool disabled,
                                                         const Actor& who);
    [[nodiscard]] Outcome<std::vector<User>, StoreError> list() const;

    /// Checks a password. Counts the failure for account and address; a success clears the
    /// account's. `remote`: an IP address; empty: local, not counted by address.
    [[nodiscard]] Outcome<User, LoginError> verify(std::string_view name, std::string_view password,
                                                   std::string_view remote);
    /// verify(), and a session that lives for `lifetime`.
    [[nodiscard]] Outcome<NewSession, LoginError> login(std::string_view name,
                                                        std::string_view password,
                                                        std::string_view remote,
                                                        std::chrono::milliseconds lifetime);
    /// nullopt: unknown, expired, revoked, or its user disabled.
    [[nodiscard]] Outcome<std::optional<Session>, StoreError> session(std::string_view token) const;
    /// Ends one session; no error when there is none.
    [[nodiscard]] Outcome<Done, StoreError> logout(std::string_view token);
    /// Ends all sessions of a user; how many.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> logout_all(std::string_view name,
                                                                const Actor& who);

private:
    Database& database_;
    AccountSettings settings_;
    std::unique_ptr<Passwords> passwords_;
};

}  // namespace postern::quarantine
