#pragma once

/// @file What the supervising process asks of the kernel for itself.

#include <sys/types.h>

#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {

/// Connections are descriptors: as many as the system lets us have. Children inherit it.
void raise_descriptor_limit();

/// SIGTERM, SIGINT, SIGHUP and SIGCHLD as a descriptor to read signalfd_siginfo from. To be called
/// before the first thread begins, which inherits the mask.
[[nodiscard]] UniqueFd take_signals();

/// From now on a zygote whose launcher died becomes a child of this process.
void adopt_orphans();

/// Buries what was adopted and has ended. `own`: children somebody else waits for.
void reap_orphans(const std::vector<pid_t>& own);

}  // namespace postern::cli
