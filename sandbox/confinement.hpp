#pragma once

/// @file What the zygote gives up, and what it keeps ready so that its workers give up the rest
/// with few calls and few pages written.

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/descriptor.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {

/// Everything a worker needs that can be made before the fork: what a worker writes is what it
/// costs.
struct Prepared {
    Policy policy;
    Layers layers;
    std::string scratch_options;  ///< of the tmpfs
    Descriptor ruleset;           ///< Landlock, for workers with a root of their own
    std::vector<sock_filter> filter;
};

[[nodiscard]] Prepared prepared_for(const Policy& policy, Layers layers);

/// Gives up everything but what making workers needs: descriptors but `keep`, namespaces, files,
/// capabilities, limits, system calls; fills `prepared` on the way. The failure is a sentence. A
/// layer that the host does not offer is no failure but an entry in Layers::missing.
[[nodiscard]] Problem confine_zygote(Prepared& prepared, int keep);

/// Where workers have no root of their own: a new folder for the worker of this number. Empty: they
/// have, or they get no scratch. nullopt: it cannot be made.
[[nodiscard]] std::optional<std::string> new_scratch_folder(const Prepared& prepared,
                                                            std::uint64_t number);
/// With all that a worker has left in it, as far as that goes.
void remove_scratch_folder(const std::string& folder);

}  // namespace postern::sandbox
