#pragma once

#include "sandbox/policy.hpp"
#include "sandbox/workload.hpp"

namespace postern::sandbox {

/// The whole life of a jail's parent process: confines itself, has `workload` prepared, forks the
/// zygote and forks it again when it dies, until the supervision channel closes or it is drained.
/// Call it early in main(), with one thread. Sets TZ, LC_ALL and OMP_THREAD_LIMIT, so that no
/// engine looks for a file or makes a thread later. The zygote closes all descriptors but this one;
/// 0 to 2 are /dev/null there. The result is the exit code: 0 drained or told to end, 1 refused
/// (Failed has been sent).
[[nodiscard]] int run_launcher(const Policy& policy, Workload& workload, int supervision);

}  // namespace postern::sandbox
