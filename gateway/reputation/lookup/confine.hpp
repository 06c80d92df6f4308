#pragma once

#include <optional>
#include <string>
#include <vector>

namespace postern::reputation {

/// Gives up what fetching lists does not need, for good: new privileges, other programs, files
/// outside of `folder` (Landlock, where the kernel has it), core files, large memory. Call it with
/// one thread, after everything else has been opened. nullopt: done; else what could not be done.
[[nodiscard]] std::optional<std::string> confine(const std::string& folder);

}  // namespace postern::reputation
