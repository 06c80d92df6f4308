#pragma once

#include <span>
#include <string_view>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// Every analyzer there is. To add one: one line in registry.cpp.
[[nodiscard]] std::span<const Analyzer> registry();

/// True for kinds that hold other things and that no analyzer of ours takes apart: only the
/// engines, ClamAV with parsers of its own among them, look inside. Said in the report as
/// "engines-only".
[[nodiscard]] bool engines_alone(std::string_view type);

}  // namespace postern::analyzers
