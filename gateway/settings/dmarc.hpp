#pragma once

/// @file [dmarc]: the aggregate reports that others send about our domains. Ours to them are in
/// [auth].

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

class KeyReader;

struct Dmarc {
    /// Mailboxes that rua= of our records names, lower case: reports in their mail are kept as
    /// well. Empty: none are.
    std::vector<std::string> reports_to;
    std::chrono::milliseconds keep_reports = std::chrono::hours(24 * 365);
    std::uint64_t max_rows = 500'000;  ///< of all reports; then the oldest go
};

/// Throws ConfigError.
void read_dmarc(KeyReader& keys, Dmarc& dmarc);

}  // namespace postern::settings
