#pragma once

/// @file What an analyzer found, with all that a person needs to judge it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::analyzers {

/// Ordered: a later one is worse. Critical means "this is malware", High alone may quarantine.
enum class Severity : std::uint8_t { Info, Low, Medium, High, Critical };

/// Who said it; decides the family in "two independent families must agree before a reject".
enum class Source : std::uint8_t { Analyzer, Check, Rule, Model, List };

/// What kind of mail a finding makes of its message, beside its points. None: points only.
enum class Category : std::uint8_t { None, Policy, Phishing, Suspicious, Malware };

struct Finding {
    std::string code;  ///< from the catalogue (catalogue.hpp), e.g. "AV_MATCH"
    Source source = Source::Analyzer;
    Severity severity = Severity::Info;
    Category category = Category::None;
    double score = 0;                     ///< points towards spam, -100 to 100
    std::optional<std::uint32_t> object;  ///< Report::objects index; none: the message as a whole
    std::string detail;                   ///< evidence from the input, at most kMaxDetail bytes
    std::string explanation;              ///< one sentence for a person
    std::vector<std::string> attack;      ///< MITRE ATT&CK techniques, e.g. "T1566.001"
    double ms = 0;                        ///< how long it took to find, milliseconds

    friend bool operator==(const Finding&, const Finding&) = default;
};
inline constexpr std::size_t kMaxDetail = 256;

}  // namespace postern::analyzers
