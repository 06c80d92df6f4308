#pragma once

/// @file The mail that carries an aggregate report (RFC 9990 3.2). Pure.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/auth/dmarc/report/aggregate.hpp"

namespace postern::auth::dmarc {

/// "receiver!policy-domain!begin!end!id.xml.gz".
[[nodiscard]] std::string report_file_name(const std::string& receiver,
                                           const std::string& policy_domain,
                                           const ReportFacts& facts);

/// RFC 1952. nullopt: zlib refused.
[[nodiscard]] std::optional<std::string> gzipped(std::string_view bytes);

struct ReportMail {
    std::string receiver;  ///< our host name
    std::string from;      ///< mailbox
    std::string to;        ///< mailbox
    std::string date;      ///< RFC 5322 3.3
};

/// The whole message, CRLF lines, ready for the queue. nullopt: zlib refused.
[[nodiscard]] std::optional<std::string> report_message(const AggregateReport& report,
                                                        const ReportFacts& facts,
                                                        const ReportMail& mail);

}  // namespace postern::auth::dmarc
