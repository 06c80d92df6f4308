#pragma once

/// @file Who signs what: the keys of the configuration, and the rules they sign by.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/sign.hpp"

namespace postern::auth::dkim {

struct SigningKey {
    std::string domain;
    std::string selector;
    PrivateKey key;
};

struct SigningRules {
    Canonicalization header = Canonicalization::Relaxed;
    Canonicalization body = Canonicalization::Relaxed;
    std::chrono::seconds lifetime{0};  ///< x= that long after t=; 0: no x=
    std::vector<std::string> fields;   ///< h=; empty: recommended_fields()
};

/// Const and thread-safe.
class Signer {
public:
    Signer(std::vector<SigningKey> keys, SigningRules rules)
        : keys_(std::move(keys)), rules_(std::move(rules)) {}

    /// What a BodyHasher has to compute for this signer.
    [[nodiscard]] BodyHashKind body_hash() const { return {rules_.body, std::nullopt}; }
    /// True when a key's domain is this one or above it.
    [[nodiscard]] bool signs_for(std::string_view author_domain) const;
    /// One DKIM-Signature field for each key of the closest such domain, to be put in front of the
    /// header; empty: there is none, or no From field. `bodies` has ended. `now`: seconds since
    /// 1970.
    [[nodiscard]] std::string fields(const mail::HeaderBlock& header, const BodyHasher& bodies,
                                     std::string_view author_domain, std::uint64_t now) const;
    /// The same for a whole message of ours, in CRLF lines: the message with its signatures.
    [[nodiscard]] std::string sign_message(const std::string& message,
                                           std::string_view author_domain, std::uint64_t now) const;

private:
    std::vector<SigningKey> keys_;
    SigningRules rules_;
};

}  // namespace postern::auth::dkim
