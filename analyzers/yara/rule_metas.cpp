#include "analyzers/yara/rule_metas.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxText = 400;  // of a description, bytes
constexpr std::size_t kMaxTechniques = 8;
constexpr double kMaxPoints = 100;

template <class Value>
struct Word {
    std::string_view word;
    Value value;
};
constexpr std::array kSeverities = {
    Word<Severity>{"info", Severity::Info}, Word<Severity>{"low", Severity::Low},
    Word<Severity>{"medium", Severity::Medium}, Word<Severity>{"high", Severity::High},
    Word<Severity>{"critical", Severity::Critical}};
constexpr std::array kClasses = {Word<Category>{"none", Category::None},
                                 Word<Category>{"policy", Category::Policy},
                                 Word<Category>{"phishing", Category::Phishing},
                                 Word<Category>{"suspicious", Category::Suspicious},
                                 Word<Category>{"malware", Category::Malware}};

template <class Words>
auto find_word(const Words& words, std::string_view text) {
    return std::find_if(words.begin(), words.end(), [&](const auto& w) {
        return w.word.size() == text.size() && ascii_iequal(w.word, text);
    });
}

/// Points that go with a severity when a rule gives only that.
double points_of(Severity severity) {
    constexpr std::array kPoints = {0.0, 1.0, 4.0, 6.0, 10.0};
    return kPoints.at(static_cast<std::size_t>(severity));
}

/// Public rule sets give a confidence from 0 to 100.
Severity severity_of_confidence(double confidence) {
    if (confidence >= 90) return Severity::Critical;
    if (confidence >= 75) return Severity::High;
    if (confidence >= 60) return Severity::Medium;
    return confidence >= 40 ? Severity::Low : Severity::Info;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return value;
}

/// "T1059.001, T1204" in parts.
std::vector<std::string> techniques(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty() && found.size() < kMaxTechniques) {
        const std::size_t end = std::min(text.find_first_of(" ,;"), text.size());
        if (end > 0) found.push_back(clean_text(text.substr(0, end), 16));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

}  // namespace

void RuleMetas::text(std::string_view name, std::string_view value) {
    if (name == "description") seen_.description = clean_text(value, kMaxText);
    if (name == "author") seen_.author = clean_text(value, kMaxText);
    if (name == "date") seen_.date = clean_text(value, kMaxText);
    if (name == "attack") seen_.attack = techniques(value);
    if (name == "score") score_ = number(value);
    if (name == "severity") {
        const auto* word = find_word(kSeverities, value);
        if (word != kSeverities.end()) severity_ = word->value;
    }
    if (name == "class") tag(value);
}

void RuleMetas::integer(std::string_view name, std::int64_t value) {
    if (name == "score") score_ = static_cast<double>(value);
}

void RuleMetas::tag(std::string_view name) {
    const auto* word = find_word(kClasses, name);
    if (word != kClasses.end()) seen_.category = word->value;
}

void RuleMetas::settle(RuleInfo& rule) const {
    const Finding usual = finding("YARA_MATCH", {});
    rule.description = seen_.description;
    rule.author = seen_.author;
    rule.date = seen_.date;
    rule.attack = seen_.attack;
    rule.category = seen_.category;
    rule.severity = usual.severity;
    rule.score = usual.score;
    if (severity_) {
        rule.severity = *severity_;
        rule.score = std::clamp(score_.value_or(points_of(*severity_)), -kMaxPoints, kMaxPoints);
    } else if (score_) {
        rule.severity = severity_of_confidence(*score_);
        rule.score = points_of(rule.severity);
    }
}

}  // namespace postern::analyzers
