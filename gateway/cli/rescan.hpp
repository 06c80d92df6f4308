#pragma once

#include <vector>

#include "gateway/cli/command.hpp"
#include "quarantine/store.hpp"

namespace postern::cli {

/// `postern quarantine rescan`: looks at each message anew, tells what it is now beside what it was
/// when it was held, and keeps the report with the record. Releases nothing. The exit code is that
/// of the worst: 1 for a message that is not there, 2 for one that could not be looked at.
[[nodiscard]] int rescan(const std::vector<quarantine::QuarantineId>& ids, const Context& context,
                         quarantine::Store& store);

}  // namespace postern::cli
