#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::reputation {

/// The text at `path` ("url", "threat.url") of the JSON object in `line`; nullopt: it is none, or
/// has no text there. Private to this folder.
[[nodiscard]] std::optional<std::string> json_member(std::string_view line, std::string_view path);

}  // namespace postern::reputation
