#pragma once

#include <cstdint>
#include <string>

#include "analyzers/api/report.hpp"
#include "analyzers/host/job.hpp"
#include "sandbox/ending.hpp"

namespace postern::host {

/// What is said of a message whose worker did not answer: the root object, digested here, and one
/// error. Never complete.
[[nodiscard]] analyzers::Report failed_report(int message, std::uint64_t size, MessageKind kind,
                                              analyzers::ErrorCode code, const std::string& detail);
/// The same for a worker that ended like this; a forbidden call is a JAIL_VIOLATION too.
[[nodiscard]] analyzers::Report failed_report(int message, std::uint64_t size, MessageKind kind,
                                              const sandbox::Ending& ending);

}  // namespace postern::host
