#pragma once

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// Behind the verdict: mail that would be delivered, with a score in the grey band, from a sender
/// who has not waited yet, is asked to come again. nullopt: it need not. A store that does not
/// answer makes nobody wait, and leaves a finding.
[[nodiscard]] std::optional<smtp::Reply> greylist(Mail& mail, Course& course);

/// A domain that vouches for the message: DMARC's, else one that signed it, else SPF's.
[[nodiscard]] std::optional<mail::Domain> authenticated_domain(const auth::Results& results);

}  // namespace postern::transaction
