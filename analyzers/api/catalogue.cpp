#include "analyzers/api/catalogue.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

// clang-format off
constexpr std::array kCatalogue = {
    FindingKind{"AV_MATCH", Source::Analyzer, Severity::Critical, Category::Malware, 15,
                "ClamAV knows this file as malware.", "T1566.001 T1204.002"},
    FindingKind{"AV_HEURISTIC", Source::Analyzer, Severity::Medium, Category::Suspicious, 4,
                "A heuristic or unwanted-program signature of ClamAV matched this file.", "T1204.002"},
    FindingKind{"YARA_MATCH", Source::Rule, Severity::Medium, Category::None, 4,
                "A YARA rule matched this object.", ""},
    FindingKind{"JAIL_VIOLATION", Source::Analyzer, Severity::High, Category::Suspicious, 8,
                "The worker that read this message made a forbidden system call and was killed.", "T1203"},
};
// clang-format on

}  // namespace

std::span<const FindingKind> catalogue() {
    return kCatalogue;
}

Finding finding(std::string_view code, std::string_view detail) {
    const auto* kind = std::find_if(kCatalogue.begin(), kCatalogue.end(),
                                    [&](const FindingKind& k) { return k.code == code; });
    if (kind == kCatalogue.end()) std::abort();
    Finding made{.code = std::string(kind->code),
                 .source = kind->source,
                 .severity = kind->severity,
                 .category = kind->category,
                 .score = kind->score,
                 .object = {},
                 .detail = clean_text(detail, kMaxDetail),
                 .explanation = std::string(kind->explanation),
                 .attack = {},
                 .ms = 0};
    for (std::string_view rest = kind->attack; !rest.empty();) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        made.attack.emplace_back(rest.substr(0, space));
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return made;
}

}  // namespace postern::analyzers
