#pragma once

/// @file Parts of a report as JSON text, in the shape that `postern scan --json`, the audit line
/// and the quarantine share. Bytes that are no UTF-8 become U+FFFD; nothing throws.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analyzers/api/report.hpp"

namespace postern::analyzers {

/// The registrable domain of a host; "" where it has none.
using DomainOf = std::function<std::string(std::string_view host)>;

/// One object: {"complete", "objects", "urls", "limits", "errors"}. With `domain_of`, each URL has
/// its "domain".
[[nodiscard]] std::string analysis_json(const Report& report, const DomainOf& domain_of = {});

/// One object, a member of the array "findings". `mode` is "enforce", "monitor" or "score"; empty:
/// left out.
[[nodiscard]] std::string finding_json(const Finding& finding, std::string_view mode = {});

/// The array "findings", each with the same `mode`.
[[nodiscard]] std::string findings_json(std::span<const Finding> findings,
                                        std::string_view mode = {});

/// The words of the schema.
[[nodiscard]] std::string_view word(Severity severity);
[[nodiscard]] std::string_view word(Source source);
[[nodiscard]] std::string_view word(Category category);
[[nodiscard]] std::string_view word(Relation relation);
[[nodiscard]] std::string_view word(Limit limit);
[[nodiscard]] std::string_view word(ErrorCode code);

}  // namespace postern::analyzers
