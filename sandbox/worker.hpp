#pragma once

/// @file A worker from its first instruction to its last: confine, wait for one job, do it, exit.

#include <string>

#include "sandbox/confinement.hpp"
#include "sandbox/workload.hpp"

namespace postern::sandbox {

/// What a worker is for: a job that comes over its socket, or the canary.
enum class Errand { Job, Canary };

/// Never returns. `socket` is the worker's end of the pair with its zygote, `folder` its scratch
/// where it has no root of its own. Exit codes 90 to 99 name the step of confinement that failed.
[[noreturn]] void run_worker(const Prepared& prepared, Workload& workload, int socket,
                             const std::string& folder, Errand errand);

/// Handlers a worker needs and inherits: as pid 1 of its namespace it ignores its own signals
/// otherwise. Call in the zygote.
void install_handlers();

}  // namespace postern::sandbox
