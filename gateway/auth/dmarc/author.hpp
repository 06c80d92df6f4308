#pragma once

#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dmarc {

/// Why there is no Author Domain. A sentence goes with each.
enum class AuthorError {
    NoFrom,         ///< no From field
    SeveralFrom,    ///< more than one, or something else that a mail program may take for one
    BadFrom,        ///< not an address list, or one with a domain that is none
    NoAddress,      ///< an empty group
    SeveralDomains  ///< addresses of different domains
};
[[nodiscard]] std::string_view sentence(AuthorError error);

/// The Author Domain (RFC 9989 5.3.1): of the one From field, in A-labels and lower case. Strict
/// where mail programs disagree, since whoever shows another From than the one that was
/// authenticated is deceived.
[[nodiscard]] Outcome<std::string, AuthorError> author_domain(const mail::HeaderBlock& header);

/// The same from the value of a From field.
[[nodiscard]] Outcome<std::string, AuthorError> author_domain_of(std::string_view value);

}  // namespace postern::auth::dmarc
