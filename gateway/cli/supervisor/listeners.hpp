#pragma once

#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {

/// A bound, listening, non-blocking TCP socket on "address:port" ("[v6]:port"). The supervisor
/// holds it, so that a restarted service finds the clients that came meanwhile. The failure is a
/// sentence with the address.
[[nodiscard]] Outcome<UniqueFd, std::string> listen_on(const std::string& endpoint);

/// "127.0.0.1:2525" of a bound socket: what port 0 became.
[[nodiscard]] std::string bound_endpoint(int listener);

}  // namespace postern::cli
