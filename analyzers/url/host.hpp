#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

/// The host of a URL as browsers look it up; nullopt if they would refuse it. Adds flags.
[[nodiscard]] std::optional<std::string> read_host(std::string_view text,
                                                   std::vector<std::string>& flags);

/// Percent escapes undone.
[[nodiscard]] std::string undo_escapes(std::string_view text);

}  // namespace postern::analyzers
