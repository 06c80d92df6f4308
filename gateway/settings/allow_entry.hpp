#pragma once

/// @file An entry of [lists].allow: who, and until when.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::settings {

struct AllowEntry {
    std::string who;                    ///< a network, a domain or an address; not checked here
    std::optional<std::int64_t> until;  ///< seconds since 1970: first at which it counts no more
};

/// "partner.example", or "partner.example until 2027-03-31": that day is its last, in UTC. nullopt:
/// what stands behind "until" is no day.
[[nodiscard]] std::optional<AllowEntry> parse_allow_entry(std::string_view text);

}  // namespace postern::settings
