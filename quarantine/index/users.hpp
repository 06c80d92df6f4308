#pragma once

/// @file User accounts in the database. All functions run inside a transaction of the caller's.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quarantine/accounts.hpp"
#include "quarantine/index/database.hpp"

namespace postern::quarantine {

struct StoredUser {
    std::int64_t number = 0;
    std::string hash;
    User user;
};

/// For `SELECT <kUserColumns> ... users`; user_of() reads a row that begins with them.
extern const char* const kUserColumns;
inline constexpr std::size_t kUserColumnCount = 8;
StoredUser user_of(const Row& row);

/// `name` in lower case.
std::optional<StoredUser> find_user(Connection& connection, const std::string& name);
std::vector<User> all_users(Connection& connection);
void insert_user(Connection& connection, const User& user, const std::string& hash);

}  // namespace postern::quarantine
