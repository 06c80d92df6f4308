#pragma once

/// @file Capabilities and resource limits.

#include <cstdint>

#include "sandbox/policy.hpp"

namespace postern::sandbox {

/// Empties the bounding set, and keeps of all capabilities only CAP_SYS_ADMIN (of our own user
/// namespace: what clone and the scratch mount need).
[[nodiscard]] bool keep_only_sys_admin();
/// Not one capability is left, nor can any come back.
[[nodiscard]] bool drop_all_capabilities();
[[nodiscard]] bool has_no_capabilities();

/// Limits that the zygote sets once and its workers inherit. `mapped` is what it has mapped, bytes.
[[nodiscard]] bool limit_zygote(const Policy& policy, std::uint64_t mapped);
/// Those that would hinder the zygote itself: no new process, few descriptors, CPU time.
[[nodiscard]] bool limit_worker(const Policy& policy);
/// Address space of this process, bytes, from /proc/self/statm; 0: it cannot be read.
[[nodiscard]] std::uint64_t mapped_bytes();

}  // namespace postern::sandbox
