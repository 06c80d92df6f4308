#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/policy.hpp"
#include "sandbox/proof/attempt.hpp"

namespace postern::sandbox::proof {

struct Result {
    const Attempt* attempt = nullptr;
    std::string got;       ///< "killed", "ENOENT", "succeeded", "deadline", ...
    bool stopped = false;  ///< as expected or stricter
    bool escaped = false;  ///< it succeeded
};

struct Proof {
    std::string error;   ///< the jail did not start: a sentence; no results then
    std::string layers;  ///< in force, JSON
    std::vector<Result> results;

    [[nodiscard]] bool holds() const;
};

/// Starts a jail of its own with this policy, and live targets of the same user outside, and runs each
/// attempt in a worker of its own. `quick`: only the short set. Call it from a process with one thread;
/// it forks.
[[nodiscard]] Proof prove(const Policy& policy, bool quick);

}  // namespace postern::sandbox::proof
