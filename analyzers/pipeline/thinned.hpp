#pragma once

#include <optional>
#include <string>

#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {

/// A mail for the engines once its parts have been taken out whole: long runs of base64 lines are
/// cut to their first and last lines, since the engines get what they stand for decoded, and what
/// they look like here tells nothing. Everything else stays. nullopt: there is nothing to save.
[[nodiscard]] std::optional<std::string> without_encoded_bulk(ByteView mail);

/// Runs of fewer lines than this are kept whole.
inline constexpr std::size_t kBulkLines = 128;
/// Of a longer run, so many lines stay at its beginning and at its end.
inline constexpr std::size_t kKeptLines = 32;

}  // namespace postern::analyzers
