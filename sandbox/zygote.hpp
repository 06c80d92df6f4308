#pragma once

#include <string>

#include "sandbox/policy.hpp"
#include "sandbox/workload.hpp"

namespace postern::sandbox {

/// Exit codes by which the launcher knows whether to fork another zygote.
inline constexpr int kZygoteDone = 0;     ///< drained, or nobody supervises any more
inline constexpr int kZygoteRefused = 1;  ///< Failed has been sent

/// The life of a zygote: the rest of the confinement, a canary in a real worker, Ready, then jobs
/// until it is drained. `layers`: what the launcher has put in force; `status` goes into Ready. One
/// thread; reads nothing but the fixed structs of control.hpp and never a byte of a message.
[[nodiscard]] int run_zygote(const Policy& policy, Workload& workload, int supervision,
                             Layers layers, const std::string& status);

}  // namespace postern::sandbox
