/// @file Checking passwords, and the sessions that follow.

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"
#include "quarantine/accounts.hpp"
#include "quarantine/index/database.hpp"
#include "quarantine/index/records.hpp"
#include "quarantine/index/users.hpp"
#include "quarantine/passwords.hpp"
#include "quarantine/throttle.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kTokenBytes = 32;

std::string fresh_token() {
    std::array<unsigned char, kTokenBytes> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();
    return to_hex(std::as_bytes(std::span(random)));
}

// What the database knows of a token: a copy of it lets nobody in. No salt: 256 random bits need
// none.
std::string stored_form(std::string_view token) {
    return sha256_hex(as_bytes(token));
}

std::vector<ThrottleSubject> subjects_of(std::string_view name, std::string_view remote,
                                         const AccountSettings& settings) {
    std::vector<ThrottleSubject> subjects = {account_subject(name, settings)};
    if (!remote.empty()) subjects.push_back(address_subject(remote, settings));
    return subjects;
}

}  // namespace

Outcome<User, LoginError> Accounts::verify(std::string_view name, std::string_view password,
                                           std::string_view remote) {
    const std::string lower = ascii_lower(name.substr(0, kMaxUserName + 1));
    const auto subjects = subjects_of(lower, remote, settings_);
    const UnixMs now = database_.now();
    const auto admitted = database_.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        return admit(connection, subjects, settings_, now);
    });
    if (!admitted) return Failure{LoginError::Store};
    if (!*admitted) return Failure{LoginError::Throttled};
    using Found = Outcome<std::optional<StoredUser>, StoreError>;
    const auto found = database_.read(
        [&](Connection& connection) -> Found { return find_user(connection, lower); });
    if (!found) return Failure{LoginError::Store};
    const std::optional<StoredUser>& stored = *found;
    const std::string_view tried = password.substr(0, kMaxPassword + 1);
    const bool right =
        stored ? passwords_->verify(stored->hash, tried) : passwords_->verify_nobody(tried);
    const bool welcome = right && stored && !stored->user.disabled;
    // Typed into the wrong field, a password must not end in the log: only known names are written.
    const std::string who = stored ? stored->user.name : "(unknown)";
    std::optional<std::string> rehashed;
    if (welcome && passwords_->outdated(stored->hash)) rehashed = passwords_->hash(tried);
    const auto noted = database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        append_audit(connection, now, {who, std::string(remote)},
                     welcome ? "login" : "login-refused", "", "");
        if (!welcome) return Done{};
        absolve(connection, subjects.front(), subjects);
        connection.run("UPDATE users SET last_login = ? WHERE n = ?", {now, stored->number});
        if (rehashed) {
            connection.run("UPDATE users SET hash = ? WHERE n = ? AND hash = ?",
                           {*rehashed, stored->number, stored->hash});
        }
        return Done{};
    });
    if (!noted) return Failure{LoginError::Store};
    if (!welcome) return Failure{LoginError::Refused};
    User user = stored->user;
    user.last_login = now;
    return user;
}

Outcome<NewSession, LoginError> Accounts::login(std::string_view name, std::string_view password,
                                                std::string_view remote,
                                                std::chrono::milliseconds lifetime) {
    auto user = verify(name, password, remote);
    if (!user) return Failure{user.error()};
    const UnixMs now = database_.now();
    NewSession session{fresh_token(), now + lifetime.count(), *user};
    const auto made = database_.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        connection.run("DELETE FROM sessions WHERE expires <= ?", {now});
        // Not if the account was disabled, or its password changed, since verify() looked.
        const std::int64_t count = connection.change(
            "INSERT INTO sessions(token, user, created, expires, remote)"
            " SELECT ?, n, ?, ?, ? FROM users WHERE name = ? AND disabled = 0"
            " AND password_changed = ?",
            {stored_form(session.token), now, session.expires, std::string(remote), user->name,
             user->password_changed});
        connection.run(
            "DELETE FROM sessions WHERE token IN (SELECT token FROM sessions JOIN users ON"
            " user = n WHERE name = ? ORDER BY sessions.created DESC, token LIMIT -1 OFFSET ?)",
            {user->name, static_cast<std::int64_t>(settings_.sessions_per_user)});
        return count == 1;
    });
    if (!made) return Failure{LoginError::Store};
    if (!*made) return Failure{LoginError::Refused};
    return session;
}

Outcome<std::optional<Session>, StoreError> Accounts::session(std::string_view token) const {
    const UnixMs now = database_.now();
    const std::string stored = stored_form(token);
    using Answer = Outcome<std::optional<Session>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        const Rows rows = connection.run(
            std::string("SELECT ") + kUserColumns +
                ", sessions.created, expires, remote FROM sessions JOIN users ON user = users.n"
                " WHERE token = ? AND expires > ? AND disabled = 0",
            {stored, now});
        if (rows.empty()) return std::optional<Session>();
        const Row& row = rows.front();
        return std::optional<Session>(Session{user_of(row).user, row.integer(kUserColumnCount),
                                              row.integer(kUserColumnCount + 1),
                                              row.text(kUserColumnCount + 2)});
    });
}

Outcome<Done, StoreError> Accounts::logout(std::string_view token) {
    const std::string stored = stored_form(token);
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        connection.run("DELETE FROM sessions WHERE token = ?", {stored});
        return Done{};
    });
}

Outcome<std::uint64_t, StoreError> Accounts::logout_all(std::string_view name, const Actor& who) {
    const UnixMs now = database_.now();
    using Answer = Outcome<std::uint64_t, StoreError>;
    return database_.write([&](Connection& connection) -> Answer {
        const auto user = find_user(connection, ascii_lower(name));
        if (!user) {
            return Failure{StoreError{StoreErrorKind::NotFound, "no such user"}};
        }
        const std::int64_t ended =
            connection.change("DELETE FROM sessions WHERE user = ?", {user->number});
        append_audit(connection, now, who, "logout-all", "", user->user.name);
        return static_cast<std::uint64_t>(ended);
    });
}

}  // namespace postern::quarantine
