#pragma once

/// @file DMARC aggregate reports that others send about our domains (RFC 9990, RFC 7489 7.2).

#include <string_view>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// "dmarc-report": XML whose root is <feedback> and that has the words of a report, as
/// analyzers/taste tells.
[[nodiscard]] bool dmarc_report_accepts(std::string_view type);

/// The report as Analysis::dmarc_report, if it is whole and says who reports about which domain and
/// period. What is not is the finding DMARC_REPORT_UNREADABLE, and no part of it is kept.
[[nodiscard]] Analysis dmarc_report_analyze(const Artifact& artifact, Budget& budget);

inline constexpr Analyzer kDmarcReportAnalyzer{"dmarc-report", dmarc_report_accepts,
                                               dmarc_report_analyze};

inline constexpr std::size_t kMaxDmarcXml = std::size_t{16} << 20;  ///< bytes; larger is not read
/// A report is an attachment, or what is packed in one: in the message's parts that is depth 2.
inline constexpr std::uint32_t kMaxDmarcDepth = 2;

}  // namespace postern::analyzers
