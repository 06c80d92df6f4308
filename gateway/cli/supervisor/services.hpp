#pragma once

/// @file How each service is started: its arguments, its descriptors, its settings.

#include "gateway/cli/supervisor/child.hpp"
#include "gateway/cli/supervisor/site.hpp"

namespace postern::cli {

/// A program and the memory files it inherits, which have to live until it has started.
struct ServiceStart {
    Program program;
    std::vector<UniqueFd> files;
};

/// postern-gatewayd: settings, key, certificate and sockets by inherited descriptors.
[[nodiscard]] ServiceStart gatewayd_start(const Site& site, const Installation& installed,
                                          const settings::Loaded& loaded, int control);

/// postern-web: one JSON document by an inherited descriptor.
[[nodiscard]] ServiceStart web_start(const Site& site, const Installation& installed,
                                     const settings::Loaded& loaded, int control);

/// postern-lookup: one JSON document by an inherited descriptor.
[[nodiscard]] ServiceStart lookup_start(const Site& site, const Installation& installed,
                                        const settings::Loaded& loaded, int control);

}  // namespace postern::cli
