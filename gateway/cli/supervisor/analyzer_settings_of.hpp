#pragma once

#include "analyzers/host/analyzer_settings.hpp"
#include "gateway/cli/supervisor/site.hpp"

namespace postern::cli {

/// What the configuration means for postern-analyzer.
[[nodiscard]] host::AnalyzerSettings analyzer_settings(const settings::Settings& settings,
                                                       const Installation& installed);

}  // namespace postern::cli
