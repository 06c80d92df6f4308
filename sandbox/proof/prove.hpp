#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/policy.hpp"
#include "sandbox/proof/attempt.hpp"

namespace postern::sandbox::proof {

struct Result {
    const Attempt* attempt = nullptr;
    std::string got;       ///< "killed", "ENOENT", "succeeded", "deadline", ...
    bool stopped = false;  ///< as expected or stricter
    bool escaped = false;  ///< it succeeded

    /// "ok", "ESCAPED", "WEAKER" (stopped, but not by what should) or "NOT OFFERED" (this kernel
    /// does not have the call: nothing is proved).
    [[nodiscard]] std::string_view verdict() const;
};

/// "killed", "refused", "bounded".
[[nodiscard]] std::string_view name(Answer answer);

struct Proof {
    std::string error;   ///< the jail did not start: a sentence; no results then
    std::string layers;  ///< in force, JSON
    std::vector<Result> results;

    [[nodiscard]] bool holds() const;
};

/// Starts a jail of its own with this policy, and live targets of the same user outside, and runs
/// each attempt in a worker of its own. `quick`: only the short set. Call it from a process with
/// one thread; it forks.
[[nodiscard]] Proof prove(const Policy& policy, bool quick);

}  // namespace postern::sandbox::proof
