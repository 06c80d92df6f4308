#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::reputation {

inline constexpr std::size_t kMaxUrlKey = 4096;  ///< bytes of a URL that can be listed

/// What two spellings of one link have in common: host in A-labels, port unless it is the scheme's
/// own, path and query with escapes of unreserved characters undone and others in capitals.
/// "http" and "https" are the same and left out; credentials and fragment are dropped. nullopt: no
/// URL with a host. A text without a scheme is taken for "http://".
[[nodiscard]] std::optional<std::string> url_key(std::string_view url);

/// The key without its query; empty when it has none.
[[nodiscard]] std::string_view without_query(std::string_view key);

}  // namespace postern::reputation
