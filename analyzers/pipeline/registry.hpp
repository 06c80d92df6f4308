#pragma once

#include <span>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// Every analyzer there is. To add one: one line in registry.cpp.
[[nodiscard]] std::span<const Analyzer> registry();

}  // namespace postern::analyzers
