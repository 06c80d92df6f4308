#pragma once

/// @file Domain names as they stand in packets: labels behind their lengths, ended by the root's 0
/// (RFC 1035 3.1), always in lower case. A length is below 64 and never looks like a letter, so
/// changing the case of all bytes changes labels only.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/bytes.hpp"

namespace postern::dns {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxLabelBytes = 63;

/// From presentation form: printable ASCII; "\." and "\\" and "\DDD" (RFC 1035 5.1); the final dot
/// may be missing; "." and "" are the root. nullopt: an empty or too long label, too long a name,
/// other bytes.
[[nodiscard]] std::optional<std::string> wire_name(std::string_view text);

/// Presentation form without the final dot; the root is "". All but letters, digits and "-_/*+" is
/// escaped as \DDD, so that the result is safe in logs and header fields and parses back.
[[nodiscard]] std::string name_text(std::string_view wire);

/// Reads the name at `at` and moves `at` behind it. Compression pointers must point backwards, each
/// further than the one before, which bounds the work. nullopt: no name, or it ends outside.
[[nodiscard]] std::optional<std::string> read_name(ByteView packet, std::size_t& at);

/// True when `name` is `ancestor` or stands below it.
[[nodiscard]] bool is_within(std::string_view name, std::string_view ancestor);

}  // namespace postern::dns
