#pragma once

#include <span>

#include "gateway/checks/check.hpp"

namespace postern::checks {

/// Every check there is, in the order in which a stage runs them: cheap before dear.
[[nodiscard]] std::span<const Check* const> registry();

}  // namespace postern::checks
