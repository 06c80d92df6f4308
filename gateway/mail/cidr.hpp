#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::mail {

/// A range of addresses: "192.0.2.0/24", "2001:db8::/32", or one address. IPv4 ranges hold IPv4
/// addresses only, however they are written.
class Cidr {
public:
    /// Fails when bits are set behind the prefix: most likely a slip of the pen.
    static Outcome<Cidr, IpError> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string text() const;
    friend auto operator<=>(const Cidr&, const Cidr&) = default;

private:
    friend Cidr prefix_of(const IpAddress& address, unsigned v4_bits, unsigned v6_bits);
    Cidr(const IpAddress& base, unsigned bits) : base_(base), bits_(bits) {}
    IpAddress base_;
    unsigned bits_;  ///< of the IPv6 form: 0 to 128
};

/// The network that `address` is in: its first `v4_bits` (0 to 32) or `v6_bits` (0 to 128),
/// whichever it has; more count as all.
[[nodiscard]] Cidr prefix_of(const IpAddress& address, unsigned v4_bits, unsigned v6_bits);

}  // namespace postern::mail
