#pragma once

#include <nlohmann/json_fwd.hpp>

#include "quarantine/received_reports.hpp"

namespace postern::quarantine {

/// A row as the command line and the review's API show it. "begin" and "end" are milliseconds.
[[nodiscard]] nlohmann::json to_json(const ReportSum& sum);

}  // namespace postern::quarantine
