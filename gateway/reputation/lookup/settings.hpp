#pragma once

/// @file What postern-lookup is told: one JSON document, written by the supervisor.

#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::reputation {

struct LookupFeed {
    settings::ListFeed feed;           ///< of `value` nothing is used
    std::vector<std::string> headers;  ///< "Name: value", sent to the feed's own host only
};

struct LookupSettings {
    int control_fd = -1;                   ///< to the supervisor; -1: none
    std::string folder;                    ///< copies go here
    std::string authorities;               ///< PEM; empty: the system's
    std::vector<std::string> dns_servers;  ///< "address:port"
    std::vector<LookupFeed> feeds;
};

[[nodiscard]] std::string write_lookup_settings(const LookupSettings& settings);
/// The failure is a sentence.
[[nodiscard]] Outcome<LookupSettings, std::string> read_lookup_settings(const std::string& text);

/// The lines of a header file: "Name: value", empty lines and "#" comments left out. The failure is
/// a sentence with the line.
[[nodiscard]] Outcome<std::vector<std::string>, std::string> read_header_lines(
    std::string_view text);

}  // namespace postern::reputation
