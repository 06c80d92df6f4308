#pragma once

/// @file The configuration in force, written as TOML.

#include <string>

#include "gateway/settings/settings.hpp"

namespace postern::settings {

/// Parses back to the same settings: what a service is given is what `config show` shows. The keys
/// of a table in an array stand together in `effective`, in the order in which they were read.
[[nodiscard]] std::string effective_toml(const Loaded& loaded);

}  // namespace postern::settings
