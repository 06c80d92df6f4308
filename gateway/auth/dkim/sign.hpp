#pragma once

/// @file Making DKIM signatures (RFC 6376 5). Pure: header, body hash, key, names and time in, a
/// field out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/dkim/private_key.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dkim {

struct SignatureTerms {
    std::string domain;    ///< d=, ASCII
    std::string selector;  ///< s=
    std::string identity;  ///< i=; empty: left out
    Canonicalization header = Canonicalization::Relaxed;
    Canonicalization body = Canonicalization::Relaxed;
    std::uint64_t time = 0;               ///< t=, seconds since 1970
    std::optional<std::uint64_t> expiry;  ///< x=
    /// h= as it is. Empty: recommended_fields(), over-signed.
    std::vector<std::string> fields;
};

/// Names to sign in this header: each recommended one (RFC 6376 5.4.1) as often as it is there,
/// and those that decide what a reader sees or answers to once more, so that nobody can add one.
[[nodiscard]] std::vector<std::string> recommended_fields(const mail::HeaderBlock& header);

/// "DKIM-Signature: ...\r\n", to be put in front of the header. `body_hash` is of terms.body,
/// without l=. nullopt: there is no From field to sign, or OpenSSL refused.
[[nodiscard]] std::optional<std::string> sign(const mail::HeaderBlock& header,
                                              const Sha256Digest& body_hash, const PrivateKey& key,
                                              const SignatureTerms& terms);

/// The digest that a signature over these fields and its own unfinished text is made of.
[[nodiscard]] Sha256Digest digest_to_sign(const mail::HeaderBlock& header,
                                          const std::vector<std::string>& fields,
                                          std::string_view unfinished,
                                          Canonicalization canonicalization);
[[nodiscard]] std::string_view algorithm_name(KeyType type);
[[nodiscard]] std::string encode(std::string_view bytes);

}  // namespace postern::auth::dkim
