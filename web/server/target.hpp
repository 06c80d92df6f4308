#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/server/request.hpp"

namespace postern::web {

inline constexpr std::size_t kMaxTarget = 4096;  ///< bytes of path and query as sent
inline constexpr std::size_t kMaxQueryFields = 32;

struct Target {
    std::string path;
    std::vector<Field> query;
};

/// Reads an origin-form request target (RFC 9112 3.2.1): "/path?name=value&...". "+" in the query
/// means a space, as forms send it. nullopt: too long, another form, a broken or forbidden escape
/// (what decodes to NUL or a control character, or to bad UTF-8), a "." or ".." segment, an empty
/// segment that is not the last.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace postern::web
