#pragma once

#include <string>

namespace postern::bench {

/// Number of answers with an address; -1 without c-ares.
int ask_all_with_cares(const std::string& server, int names, int window);

}  // namespace postern::bench
