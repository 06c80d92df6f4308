#pragma once

/// @file The configuration's words as this module's.

#include <string>

#include "gateway/relay/hop_settings.hpp"
#include "gateway/settings/next_hop.hpp"

namespace postern::relay {

/// `helo_name`: our own name. NextHopSettings::changed stays empty.
[[nodiscard]] NextHopSettings from_settings(const settings::NextHops& next_hops,
                                            const std::string& helo_name);

}  // namespace postern::relay
