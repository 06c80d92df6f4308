#pragma once

/// @file A signature field, read: DKIM-Signature, ARC-Message-Signature, ARC-Seal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dkim {

/// RFC 8301, RFC 8463. rsa-sha1 is not among them: no signature made with it counts.
enum class Algorithm : std::uint8_t { RsaSha256, Ed25519Sha256 };
[[nodiscard]] std::string_view name(Algorithm algorithm);

/// Why a signature cannot pass.
struct Problem {
    DkimResult result = DkimResult::PermError;
    std::string detail;
};

/// Which tags a field has and must have.
enum class SignatureKind : std::uint8_t { Dkim, ArcMessage, ArcSeal };

/// Holds views into the header block. With a `problem`, only what was read before it is there; what
/// is there is clean: domains are valid and in lower case, `signature_start` is base64.
struct Signature {
    SignatureKind kind = SignatureKind::Dkim;
    mail::HeaderField field;
    std::optional<Problem> problem;

    std::optional<Algorithm> algorithm;
    std::string algorithm_text;  ///< a=, when it looks like one
    std::string domain;          ///< d=
    std::string selector;        ///< s=
    std::string identity;        ///< i= decoded, "@" and d= without; DKIM only
    std::string identity_domain;
    std::uint32_t instance = 0;  ///< i=, 1 to 50; ARC only
    std::string chain;           ///< cv=; ArcSeal only
    Canonicalization header_canonicalization = Canonicalization::Simple;
    BodyHashKind body;
    Sha256Digest body_hash{};
    std::string signature;                   ///< b=, decoded
    std::string signature_start;             ///< first 8 characters of b=
    std::vector<std::string> signed_fields;  ///< h=, lower case, in order
    std::optional<std::uint64_t> time;       ///< t=
    std::optional<std::uint64_t> expiry;     ///< x=
    std::size_t b_begin = 0;  ///< where the value of b= stands in field.raw, blanks included
    std::size_t b_end = 0;

    /// Where the key is: "selector._domainkey.domain".
    [[nodiscard]] std::string key_name() const { return selector + "._domainkey." + domain; }
};

struct SignatureLimits {
    std::size_t max_size = std::size_t{64} << 10U;  ///< bytes of the field
    std::uint64_t now = 0;                          ///< seconds since 1970
    std::uint32_t clock_skew = 36'000;              ///< seconds that t= may lie ahead
};

/// Never fails: what is wrong becomes `problem`.
[[nodiscard]] Signature parse_signature(const mail::HeaderField& field, SignatureKind kind,
                                        const SignatureLimits& limits);

}  // namespace postern::auth::dkim
