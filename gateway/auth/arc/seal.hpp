#pragma once

/// @file Adding a set to the chain (RFC 8617 5.1). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/private_key.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::arc {

struct SealTerms {
    std::string domain;
    std::string selector;
    std::uint64_t time = 0;  ///< t=, seconds since 1970
    /// h= of the message signature; empty: the recommended ones of DKIM and DKIM-Signature.
    std::vector<std::string> fields;
};

/// ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results, to be put in front of the
/// header. `verified` is what arc::Verification said about this message, `body_hash` is relaxed and
/// of the whole body, `results` is the payload of Authentication-Results from the authserv-id on,
/// and should tell arc= and more. nullopt: the chain had ended already, is full, or OpenSSL
/// refused.
[[nodiscard]] std::optional<std::string> seal(const mail::HeaderBlock& header, const Arc& verified,
                                              const dkim::Sha256Digest& body_hash,
                                              const dkim::PrivateKey& key, std::string_view results,
                                              const SealTerms& terms);

}  // namespace postern::auth::arc
