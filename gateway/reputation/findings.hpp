#pragma once

/// @file What lists say as findings (analyzers/README.md has the codes).

#include <vector>

#include "analyzers/api/finding.hpp"
#include "gateway/reputation/listing.hpp"
#include "gateway/reputation/lists.hpp"

namespace postern::reputation {

/// LIST_CLIENT or LIST_DOMAIN for each block list, LIST_GOOD for each allow list, LIST_UNKNOWN for
/// what could not be told. The score is the list's weight.
[[nodiscard]] std::vector<analyzers::Finding> client_findings(const ListAnswer& answer);
[[nodiscard]] std::vector<analyzers::Finding> domain_findings(const ListAnswer& answer);

/// LIST_LINK, LIST_URL (this very URL), LIST_DIGEST, each with the object it stood in; LIST_UNKNOWN
/// and LIST_SKIPPED. Each list gives points once for a message.
[[nodiscard]] std::vector<analyzers::Finding> content_findings(const ContentAnswer& answer);

}  // namespace postern::reputation
