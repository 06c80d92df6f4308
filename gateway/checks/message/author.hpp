#pragma once

/// @file Who a mail program shows as its author, for the checks that look for impersonation.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/impersonation/look_alike.hpp"
#include "gateway/checks/check.hpp"

namespace postern::checks {

struct Author {
    std::string name;         ///< as shown, UTF-8; may be empty
    std::string address;      ///< as shown, in lower case
    std::string domain;       ///< A-labels; empty: the address has none that is a domain
    std::string registrable;  ///< of `domain`; the domain itself where it has none
};

/// Everybody in From. Empty before the jail has looked.
[[nodiscard]] std::vector<Author> authors(const MessageFacts& message);
/// The same of Reply-To; without names.
[[nodiscard]] std::vector<Author> reply_authors(const MessageFacts& message);

/// The author with this address and this name.
[[nodiscard]] Author author_of(std::string_view address, std::string_view name);

/// True when mail for this domain, or for one above it, is taken here.
[[nodiscard]] bool is_ours(std::string_view domain, const settings::Settings& settings);
/// True when From's domain has authenticated this message: DMARC passed, or, where it has no
/// record, a DKIM or SPF pass of the same organization.
[[nodiscard]] bool is_authenticated(const MessageFacts& message, const Author& author);

}  // namespace postern::checks
