#pragma once

#include <cstdint>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers::clamav {

/// Which of libclamav's parsers (CL_SCAN_PARSE_*) look at an artifact. All of them, but for two
/// that repeat, at many times the price, what an analyzer of ours has just done without finding
/// anything amiss: its mail parser and its unpackers.
[[nodiscard]] std::uint32_t parsers_for(const Artifact& artifact);

}  // namespace postern::analyzers::clamav
