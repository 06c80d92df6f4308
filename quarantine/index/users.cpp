#include "quarantine/index/users.hpp"

namespace postern::quarantine {

const char* const kUserColumns =
    "users.n, hash, users.name, role, disabled, users.created, password_changed, last_login";

StoredUser user_of(const Row& row) {
    StoredUser stored;
    stored.number = row.integer(0);
    stored.hash = row.text(1);
    stored.user.name = row.text(2);
    stored.user.role = parse_role(row.text(3)).value_or(Role::Reviewer);
    stored.user.disabled = row.integer(4) != 0;
    stored.user.created = row.integer(5);
    stored.user.password_changed = row.integer(6);
    if (!row.is_null(7)) stored.user.last_login = row.integer(7);
    return stored;
}

std::optional<StoredUser> find_user(Connection& connection, const std::string& name) {
    const Rows rows = connection.run(
        std::string("SELECT ") + kUserColumns + " FROM users WHERE name = ?", {name});
    if (rows.empty()) return std::nullopt;
    return user_of(rows.front());
}

std::vector<User> all_users(Connection& connection) {
    std::vector<User> users;
    for (const Row& row :
         connection.run(std::string("SELECT ") + kUserColumns + " FROM users ORDER BY name")) {
        users.push_back(user_of(row).user);
    }
    return users;
}

void insert_user(Connection& connection, const User& user, const std::string& hash) {
    connection.run(
        "INSERT INTO users(name, hash, role, disabled, created, password_changed)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        {user.name, hash, std::string(name(user.role)), std::int64_t{user.disabled ? 1 : 0},
         user.created, user.password_changed});
}

}  // namespace postern::quarantine
