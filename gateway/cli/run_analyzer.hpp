#pragma once

#include <string>
#include <vector>

#include "gateway/cli/command.hpp"

namespace postern::cli {

/// Runs postern-analyzer with these words, its output being ours, and gives its exit code. What
/// needs a content library is answered there, since `postern` links none.
[[nodiscard]] int run_analyzer(const Context& context, const std::vector<std::string>& words);

}  // namespace postern::cli
