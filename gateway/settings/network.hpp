#pragma once

/// @file Keys that hold networks. Private to this folder.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings/key_reader.hpp"

namespace postern::settings {

/// Reads a list of addresses and networks ("192.0.2.0/24", "2001:db8::/32"); throws ConfigError
/// when one is none, or has bits behind its prefix: most likely a slip of the pen.
void read_networks(KeyReader& keys, std::string_view key, std::vector<std::string>& values);

}  // namespace postern::settings
