#pragma once

/// @file How many logins may fail. Functions run inside a transaction of the caller's.

#include <string>
#include <string_view>
#include <vector>

#include "quarantine/accounts.hpp"
#include "quarantine/index/database.hpp"

namespace postern::quarantine {

/// Something whose failures are counted, hashed: the table holds no names and no addresses.
struct ThrottleSubject {
    std::string key;
    std::uint32_t limit = 0;
};
[[nodiscard]] ThrottleSubject account_subject(std::string_view name,
                                              const AccountSettings& settings);
/// IPv6 addresses count by /64, which is what one customer gets. What is no address counts as
/// itself.
[[nodiscard]] ThrottleSubject address_subject(std::string_view remote,
                                              const AccountSettings& settings);

/// Counts an attempt against all subjects before the password is looked at, so that parallel
/// guesses do not slip through; false, and nothing counted: one of them is used up.
bool admit(Connection& connection, const std::vector<ThrottleSubject>& subjects,
           const AccountSettings& settings, UnixMs now);
/// The password was right: the account's count goes, the address gets its attempt back.
void absolve(Connection& connection, const ThrottleSubject& account,
             const std::vector<ThrottleSubject>& subjects);

}  // namespace postern::quarantine
