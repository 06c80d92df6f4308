#pragma once

/// @file Who may be sent a report (RFC 9990 4): a domain can ask for reports to others only with
/// their consent, or it could make the world write to them.

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/auth/dmarc/record.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::auth::dmarc {

struct Destinations {
    std::vector<std::string> mailboxes;  ///< in the record's order, each once
    std::vector<std::string> refused;    ///< URIs, with the reason
    bool incomplete = false;             ///< a look-up told nothing: try again later
};

/// Which tag of a consenting record may name another mailbox: rua=, or ruf= (RFC 9991 5).
enum class ReportKind : std::uint8_t { Aggregate, Failure };

/// The mailboxes of `uris`, the rua= or ruf= of a record, that want reports about `policy_domain`.
/// At most `most` URIs are looked at. Blocks.
[[nodiscard]] Destinations verified_destinations(const std::string& policy_domain,
                                                 const std::vector<std::string>& uris,
                                                 dns::Inquiry& inquiry,
                                                 ReportKind kind = ReportKind::Aggregate,
                                                 std::size_t most = 10);

}  // namespace postern::auth::dmarc
