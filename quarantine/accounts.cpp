#include "quarantine/accounts.hpp"

#include "analyzers/base/ascii.hpp"
#include "quarantine/index/database.hpp"
#include "quarantine/index/records.hpp"
#include "quarantine/index/users.hpp"
#include "quarantine/passwords.hpp"
#include "quarantine/throttle.hpp"
#include "quarantine/words.hpp"

namespace postern::quarantine {
namespace {

constexpr Words<2> kRoles = {"reviewer", "admin"};

bool is_user_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxUserName || !ascii_alnum(name.front())) return false;
    constexpr std::string_view kOthers = "._@-";
    for (const char c : name) {
        if (!ascii_alnum(c) && kOthers.find(c) == std::string_view::npos) return false;
    }
    return true;
}

bool is_password(std::string_view password) {
    return password.size() >= kMinPassword && password.size() <= kMaxPassword;
}

StoreError failure(StoreErrorKind kind, const char* what) {
    return {kind, what};
}

StoreError unknown_user() {
    return failure(StoreErrorKind::NotFound, "no such user");
}

}  // namespace

std::string_view name(Role value) {
    return to_word(kRoles, value);
}
std::optional<Role> parse_role(std::string_view text) {
    return from_word<Role>(kRoles, text);
}

Accounts::Accounts(Database& database, const AccountSettings& settings)
    : database_(database),
      settings_(settings),
      passwords_(std::make_unique<Passwords>(settings.argon2_passes, settings.argon2_memory,
                                             settings.hashes_at_once)) {}
Accounts::~Accounts() = default;

Outcome<User, StoreError> Accounts::add(std::string_view name, std::string_view password, Role role,
                                        const Actor& who) {
    User user{ascii_lower(name), role};
    if (!is_user_name(user.name)) {
        return Failure{failure(StoreErrorKind::Invalid,
                               "a user name has 1 to 64 letters, digits, '.', '_', '@', '-'")};
    }
    if (!is_password(password)) {
        return Failure{failure(StoreErrorKind::Invalid, "a password has 10 to 256 bytes")};
    }
    const auto hash = passwords_->hash(password);
    if (!hash) return Failure{failure(StoreErrorKind::Io, "no memory to hash a password")};
    user.created = user.password_changed = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<User, StoreError> {
        if (find_user(connection, user.name)) {
            return Failure{failure(StoreErrorKind::Conflict, "the name is taken")};
        }
        insert_user(connection, user, *hash);
        append_audit(connection, user.created, who, "user-add", "",
                     user.name + " as " + std::string(quarantine::name(role)));
        return user;
    });
}

Outcome<Done, StoreError> Accounts::set_password(std::string_view name, std::string_view password,
                                                 const Actor& who) {
    if (!is_password(password)) {
        return Failure{failure(StoreErrorKind::Invalid, "a password has 10 to 256 bytes")};
    }
    const auto hash = passwords_->hash(password);
    if (!hash) return Failure{failure(StoreErrorKind::Io, "no memory to hash a password")};
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        const auto user = find_user(connection, ascii_lower(name));
        if (!user) return Failure{unknown_user()};
        connection.run("UPDATE users SET hash = ?, password_changed = ? WHERE n = ?",
                       {*hash, now, user->number});
        connection.run("DELETE FROM sessions WHERE user = ?", {user->number});
        // Whoever was kept out by guesses of others is let in again.
        connection.run("DELETE FROM failures WHERE subject = ?",
                       {account_subject(user->user.name, settings_).key});
        append_audit(connection, now, who, "user-passwd", "", user->user.name);
        return Done{};
    });
}

Outcome<Done, StoreError> Accounts::set_disabled(std::string_view name, bool disabled,
                                                 const Actor& who) {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        const auto user = find_user(connection, ascii_lower(name));
        if (!user) return Failure{unknown_user()};
        const bool last_admin =
            user->user.role == Role::Admin && !user->user.disabled &&
            connection.integer(
                "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled = 0"
                " AND n <> ?",
                {user->number}) == 0;
        if (disabled && last_admin) {
            return Failure{failure(StoreErrorKind::Conflict, "no admin would be left")};
        }
        connection.run("UPDATE users SET disabled = ? WHERE n = ?",
                       {std::int64_t{disabled ? 1 : 0}, user->number});
        if (disabled) connection.run("DELETE FROM sessions WHERE user = ?", {user->number});
        append_audit(connection, now, who, disabled ? "user-disable" : "user-enable", "",
                     user->user.name);
        return Done{};
    });
}

Outcome<std::vector<User>, StoreError> Accounts::list() const {
    using Answer = Outcome<std::vector<User>, StoreError>;
    return database_.read([](Connection& connection) -> Answer { return all_users(connection); });
}

}  // namespace postern::quarantine
