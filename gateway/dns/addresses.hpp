#pragma once

/// @file All addresses of a host.

#include <string>
#include <vector>

#include "gateway/dns/inquiry.hpp"

namespace postern::dns {

struct HostAddresses {
    Status status = Status::Failed;               ///< Found when there is at least one address
    std::vector<mail::IpAddress> addresses = {};  ///< IPv6 first, each kind in the answer's order
    std::string detail = {};
};

/// Asks for A and AAAA at once and waits for both. An address in text form is its own answer, and
/// "localhost" is ::1 and 127.0.0.1 (RFC 6761 6.3); neither asks anybody. Not Found when both kinds
/// are not: NoName or NoData only when both say so, else what went wrong.
[[nodiscard]] HostAddresses addresses_of(const std::string& host, Inquiry& inquiry);
[[nodiscard]] HostAddresses addresses_of(const std::string& host, Resolver& resolver,
                                         TimePoint deadline);

/// Both answers as one.
[[nodiscard]] HostAddresses join(const Answer& v4, const Answer& v6);

}  // namespace postern::dns
