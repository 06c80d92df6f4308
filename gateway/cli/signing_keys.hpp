#pragma once

#include "gateway/cli/command.hpp"

namespace postern::cli {

/// Throws settings::ConfigError when a key that [dkim] or [arc] needs cannot be read or used.
void require_signing_keys(const Context& context);

}  // namespace postern::cli
