#pragma once

/// @file Policies and rows of reports as text, for a store that does not know them. What a stranger
/// chose is cut, so that a row has at most some kilobytes. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/auth/dmarc/report/aggregate.hpp"

namespace postern::auth::dmarc {

/// "DOMAIN v=DMARC1; ...". The same for policies whose reports say the same and go to the same
/// mailboxes.
[[nodiscard]] std::string policy_text(const ReportedPolicy& policy);
/// nullopt: not from policy_text().
[[nodiscard]] std::optional<ReportedPolicy> parse_policy(std::string_view text);

[[nodiscard]] std::string row_text(const ReportRow& row);
/// nullopt: not from row_text().
[[nodiscard]] std::optional<ReportRow> parse_row(std::string_view text);

}  // namespace postern::auth::dmarc
