#pragma once

/// @file The DMARC result of a message (RFC 9989). Asks through dns::Inquiry and blocks.

#include <optional>
#include <span>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dmarc/author.hpp"
#include "gateway/auth/dmarc/record.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::auth::dmarc {

/// What the result rests on, for reports (RFC 9990).
struct Evaluation {
    Dmarc result;
    std::optional<Record> record;  ///< the one that applies
    bool subdomain = false;        ///< the record stands above the Author Domain
    bool nonexistent = false;      ///< the Author Domain does not exist (np= applies)
};

/// `spf` is that of the MAIL FROM identity, which is the HELO name for the null reverse-path (RFC
/// 7208 2.4); null: not checked. Signatures that pass and do not count (Dkim::counts) align with
/// nothing. `disposition` is the published policy after t=y; local policy
/// comes later.
[[nodiscard]] Evaluation evaluate(const Outcome<std::string, AuthorError>& author, const Spf* spf,
                                  std::span<const Dkim> dkim, dns::Inquiry& inquiry);

}  // namespace postern::auth::dmarc
