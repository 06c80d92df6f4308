#pragma once

#include "gateway/mail/ip_address.hpp"

namespace postern::reputation {

/// True for addresses of the public Internet: not private, shared, loopback, link-local, multicast,
/// reserved, documentation, nor IPv6 forms that carry one of those IPv4 addresses (RFC 6890 and its
/// registries).
[[nodiscard]] bool is_public(const mail::IpAddress& address);

}  // namespace postern::reputation
