#pragma once

/// @file A whole message through DKIM and ARC, for tests.

#include <string_view>
#include <vector>

#include "gateway/auth/arc/signed_message.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::tests {

struct SignatureResults {
    std::vector<auth::Dkim> dkim;
    auth::Arc arc;
};

inline SignatureResults verify_text(std::string_view text, dns::Resolver& dns, std::uint64_t now,
                                    const auth::arc::IntakeLimits& limits = {},
                                    auth::arc::LineEnds ends = auth::arc::LineEnds::Guess) {
    auth::arc::SignedMessage message(limits, now);
    SignatureResults results;
    if (!feed_text(message, text, ends)) return results;
    dns::Inquiry inquiry(dns, {});
    results.dkim = message.dkim(inquiry);
    results.arc = message.arc(inquiry);
    return results;
}

}  // namespace postern::tests
