#pragma once

/// @file What all stores demand of keys, values, lives and counters, so that they agree. Private to
/// this folder.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/state/state.hpp"

namespace postern::state {

/// nullopt: fine. Otherwise a Misuse.
[[nodiscard]] std::optional<StateError> check_key(std::string_view key);
[[nodiscard]] std::optional<StateError> check_value(std::string_view key, std::string_view value,
                                                    std::chrono::seconds life);
[[nodiscard]] std::optional<StateError> check_addition(std::string_view key,
                                                       std::chrono::seconds window);

/// What `text`, a counter so far, becomes; Misuse as State::add() has it.
[[nodiscard]] Outcome<std::int64_t, StateError> add_to(std::string_view text, std::int64_t amount);

/// The part of a key before ":", at most 32 bytes; empty when there is none.
[[nodiscard]] std::string_view kind_of(std::string_view key);

}  // namespace postern::state
