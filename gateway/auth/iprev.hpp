#pragma once

/// @file iprev: the client's names, and whether one leads back to its address (RFC 8601 3).

#include <functional>
#include <memory>

#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::auth {

/// Names of one address that are looked at; more are not (RFC 7208 4.6.4 has the same bound).
constexpr std::size_t kIprevNames = 10;

/// PTR, then the addresses of all its names at once. Pass: a name has the address; `name` is the
/// first such. Fail: none has. PermError: the address has no name. TempError: it could not be told.
/// Blocks.
[[nodiscard]] Iprev iprev(const mail::IpAddress& client, dns::Inquiry& inquiry);

/// The same without waiting: `done` is called once, before this returns or on a thread of the
/// resolver, and must not block. The inquiry lives until then.
void iprev(const mail::IpAddress& client, const std::shared_ptr<dns::Inquiry>& inquiry,
           std::function<void(Iprev)> done);

}  // namespace postern::auth
