#pragma once

/// @file Durations and sizes as people write them: "5s", "50MiB".

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::settings {

/// "0", or a whole number and "ms", "s", "m", "h" or "d". nullopt: something else, or more than 10
/// years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "0", or a whole number and "B", "KiB", "MiB", "GiB" or "TiB". nullopt: something else, or past
/// 2^63.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest way to write it that parses back to the same.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace postern::settings
