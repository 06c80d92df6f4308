#pragma once

/// @file The ARC fields of a header, sorted into sets and checked for structure (RFC 8617 4.1, 5.2
/// steps 1 and 3). Nothing here computes a signature.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/signature.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::arc {

/// RFC 8617 4.2.1.
constexpr std::uint32_t kMaxInstances = 50;

/// ARC-Authentication-Results (RFC 8617 4.1.1).
struct RecordedResults {
    std::uint32_t instance = 0;
    std::string authserv_id;
};

/// nullopt: no instance in front, no authserv-id behind it.
[[nodiscard]] std::optional<RecordedResults> parse_recorded_results(std::string_view value);

struct ArcSet {
    dkim::Signature seal;
    dkim::Signature message;
    mail::HeaderField results;
};

struct ArcChain {
    std::vector<ArcSet> sets;     ///< instance 1 first; empty: there is none, or `flaw`
    std::string flaw;             ///< why the chain cannot pass; empty: its structure is whole
    std::uint32_t instances = 0;  ///< the highest instance seen
    std::string sealer;           ///< d= of the newest seal, when it can be read

    [[nodiscard]] bool none() const { return sets.empty() && flaw.empty(); }
};

[[nodiscard]] ArcChain read_chain(const mail::HeaderBlock& header,
                                  const dkim::SignatureLimits& limits);

}  // namespace postern::auth::arc
