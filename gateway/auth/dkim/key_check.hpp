#pragma once

/// @file A signature against the key records of its selector (RFC 6376 6.1.2, 6.1.3).

#include <cstdint>
#include <string>

#include "gateway/auth/dkim/signature.hpp"
#include "gateway/auth/dkim/verify.hpp"
#include "gateway/dns/resolver.hpp"

namespace postern::auth::dkim {

struct KeyVerdict {
    DkimResult result = DkimResult::PermError;
    std::uint32_t bits = 0;
    bool testing = false;
    std::string detail;
};

/// Pure. `signature` has no problem; `digest` is header_digest(). Of several records the best
/// result counts.
[[nodiscard]] KeyVerdict check_key(const Signature& signature, const Sha256Digest& digest,
                                   const dns::Answer& answer, const VerifyLimits& limits);

}  // namespace postern::auth::dkim
