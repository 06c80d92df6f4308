#pragma once

/// @file A worker from its first instruction to its last: confine, wait for one job, do it, exit.

#include <linux/filter.h>

#include <string>
#include <vector>

#include "sandbox/landlock.hpp"
#include "sandbox/policy.hpp"
#include "sandbox/workload.hpp"

namespace postern::sandbox {

/// Everything a worker needs that can be made before the fork: what a worker writes is what it costs.
struct Prepared {
    Policy policy;
    Layers layers;
    std::string scratch_options;  ///< of the tmpfs
    Descriptor ruleset;           ///< Landlock; empty: there is none
    std::vector<sock_filter> filter;
};

/// What a worker is for: a job that comes over its socket, or the canary.
enum class Errand { Job, Canary };

/// Never returns. `socket` is the worker's end of the pair with its zygote. Exit codes 90 to 99 name
/// the step of confinement that failed.
[[noreturn]] void run_worker(const Prepared& prepared, Workload& workload, int socket,
                             Errand errand);

/// Handlers a worker needs and inherits: as pid 1 of its namespace it ignores its own signals
/// otherwise. Call in the zygote.
void install_handlers();

}  // namespace postern::sandbox
