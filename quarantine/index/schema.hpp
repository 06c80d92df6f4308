#pragma once

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"

namespace postern::quarantine {

class Connection;

/// Brings the file to the newest schema; the caller holds the open lock. True when it has a word
/// index. `full_text` counts only when the file is new. Invalid: made by a newer version.
[[nodiscard]] Outcome<bool, StoreError> migrate(Connection& connection, bool full_text);

/// Schemas there have been; the file says its own in PRAGMA user_version.
inline constexpr int kSchemaVersion = 4;

}  // namespace postern::quarantine
