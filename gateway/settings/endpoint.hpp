#pragma once

/// @file Keys that hold "address:port". Private to this folder.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings/key_reader.hpp"

namespace postern::settings {

/// Reads one; throws ConfigError when it is none. The port may be 0 (any free one).
void read_endpoint(KeyReader& keys, std::string_view key, std::string& value, bool may_be_empty);
/// Reads a list of at least one, or none where that has a meaning.
void read_endpoints(KeyReader& keys, std::string_view key, std::vector<std::string>& values,
                    bool may_be_empty = false);

}  // namespace postern::settings
