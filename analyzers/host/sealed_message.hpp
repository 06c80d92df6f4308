#pragma once

#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::host {

/// `bytes` as a memory file that nobody can write, grow or shrink any more: what a worker may be
/// given. The failure is errno.
[[nodiscard]] Outcome<UniqueFd, int> sealed_message(std::string_view bytes);

}  // namespace postern::host
