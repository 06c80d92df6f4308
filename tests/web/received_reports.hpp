#pragma once

#include <string>
#include <vector>

#include "analyzers/api/dmarc_report.hpp"
#include "quarantine/store.hpp"

namespace postern::web_tests {

struct ReceivedReport {
    analyzers::DmarcReport report;
    std::string sender;  ///< proven domain; empty: nobody is
};

/// DMARC aggregate reports about example.org, sent in the last days, with `rows` rows of a proven
/// sender: the first ones special, some written by an attacker who knows that a browser will show
/// them, the rest of the same shape. With 6 rows or more also one report that is a year old, one
/// about another domain with a long name and one whose sender is not proven.
[[nodiscard]] std::vector<ReceivedReport> received_reports(quarantine::UnixMs now, int rows);

}  // namespace postern::web_tests
