#pragma once

#include "sandbox/policy.hpp"
#include "sandbox/workload.hpp"

namespace postern::sandbox {

/// The whole life of a jail's parent process: confines itself, has `workload` prepared, forks the
/// zygote and forks it again when it dies, until the supervision channel closes or it is drained.
/// Call it early in main(), with one thread and no descriptors that a worker must not have; 0 to 2
/// become /dev/null for the workers. The result is the exit code: 0 drained or told to end, 1
/// refused (Failed has been sent).
[[nodiscard]] int run_launcher(const Policy& policy, Workload& workload, int supervision);

}  // namespace postern::sandbox
