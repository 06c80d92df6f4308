#pragma once

/// @file Every finding code there is, with its meaning. analyzers/README.md shows the same table;
/// a test compares the two.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analyzers/api/finding.hpp"

namespace postern::analyzers {

struct FindingKind {
    std::string_view code;
    Source source;
    Severity severity;
    Category category;
    double score;
    std::string_view explanation;  ///< one sentence for a person
    std::string_view attack;       ///< MITRE ATT&CK techniques, space-separated; may be empty
};

[[nodiscard]] std::span<const FindingKind> catalogue();

/// A finding with what the catalogue says of `code`; `detail` is cleaned and cut to kMaxDetail.
/// Aborts on a code the catalogue does not have: a bug, not an input.
[[nodiscard]] Finding finding(std::string_view code, std::string_view detail);

}  // namespace postern::analyzers
