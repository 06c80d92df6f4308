#pragma once

/// @file When an entry of [lists].allow was last of use, in the state store.

#include <chrono>
#include <string>
#include <string_view>

namespace postern::checks {

/// How long a use is remembered.
inline constexpr std::chrono::seconds kAllowUseLife = std::chrono::hours(24 * 800);

/// Key of seconds since 1970, as decimal text. `entry` as reputation::LocalWord has it.
[[nodiscard]] inline std::string allow_use_key(std::string_view entry) {
    return "allow:" + std::string(entry);
}

}  // namespace postern::checks
