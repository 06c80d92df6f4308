#pragma once

/// @file The one list of types and their media types.

#include <string_view>

namespace postern::analyzers {

inline constexpr std::string_view kData = "data";

/// The media type of `type`; "application/octet-stream" for a type that is not in the list.
[[nodiscard]] std::string_view mime_of(std::string_view type);

/// The type whose media type is `mime`; kData for one that is not in the list.
[[nodiscard]] std::string_view type_of(std::string_view mime);

}  // namespace postern::analyzers
