#include "gateway/verdict/verdict.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "analyzers/base/ascii.hpp"

namespace postern::verdict {
namespace {

using analyzers::Category;
using analyzers::ErrorCode;
using analyzers::Finding;
using analyzers::Report;

constexpr std::array<std::string_view, 7> kClassWords = {"clean",    "unscanned",  "policy", "spam",
                                                         "phishing", "suspicious", "malware"};
constexpr std::array<std::string_view, 5> kActionWords = {"deliver", "tag", "quarantine", "reject",
                                                          "defer"};

/// How much an action keeps mail away from its recipient: reject beats quarantine beats defer.
int strictness(Action action) {
    switch (action) {
        case Action::Deliver:
            return 0;
        case Action::Tag:
            return 1;
        case Action::Defer:
            return 2;
        case Action::Quarantine:
            return 3;
        case Action::Reject:
            return 4;
    }
    return 3;
}

Action stricter(Action a, Action b) {
    return strictness(a) >= strictness(b) ? a : b;
}

MailClass class_of(Category category) {
    switch (category) {
        case Category::Malware:
            return MailClass::Malware;
        case Category::Suspicious:
            return MailClass::Suspicious;
        case Category::Phishing:
            return MailClass::Phishing;
        case Category::Policy:
            return MailClass::Policy;
        case Category::None:
            break;
    }
    return MailClass::Clean;
}

Action action_of(MailClass mail_class, const settings::ClassActions& actions) {
    switch (mail_class) {
        case MailClass::Malware:
            return actions.malware;
        case MailClass::Suspicious:
            return actions.suspicious;
        case MailClass::Phishing:
            return actions.phishing;
        case MailClass::Policy:
            return actions.policy;
        case MailClass::Unscanned:
            return actions.unscanned;
        case MailClass::Spam:
        case MailClass::Clean:
            break;
    }
    return Action::Deliver;
}

bool only_encrypted(const Report& report) {
    return report.limits.empty() && !report.errors.empty() &&
           std::all_of(report.errors.begin(), report.errors.end(),
                       [](const auto& error) { return error.code == ErrorCode::Encrypted; });
}

bool counts(const Weighed& weighed) {
    return weighed.mode == Mode::Enforce || weighed.mode == Mode::Score;
}

/// What the points alone ask for.
Action by_points(double score, std::size_t families, const settings::Thresholds& thresholds) {
    if (score >= thresholds.reject && families >= 2) return Action::Reject;
    if (score >= thresholds.quarantine) return Action::Quarantine;
    return score >= thresholds.tag ? Action::Tag : Action::Deliver;
}

bool matches(std::string_view pattern, std::string_view address) {
    if (pattern.find('@') != std::string_view::npos) return ascii_iequal(pattern, address);
    const std::size_t at = address.rfind('@');
    const std::string_view domain =
        at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
    if (!pattern.starts_with('.')) return ascii_iequal(pattern, domain);
    return domain.size() > pattern.size() &&
           ascii_iequal(pattern, domain.substr(domain.size() - pattern.size()));
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view address) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [&](const auto& p) { return matches(p, address); });
}

/// A check or a list that could not tell.
bool is_undecided(const Weighed& weighed) {
    const std::string& code = weighed.finding.code;
    return counts(weighed) && (code == "CHECK_UNDECIDED" || code == "LIST_UNKNOWN");
}

/// Codes of what counted or could not be told, worst first, each once.
std::vector<std::string> reasons_of(const std::vector<Weighed>& findings, bool complete) {
    std::vector<const Finding*> counted;
    for (const Weighed& weighed : findings) {
        const bool said = weighed.finding.score > 0 || weighed.finding.category != Category::None;
        if ((counts(weighed) && said) || is_undecided(weighed)) counted.push_back(&weighed.finding);
    }
    std::stable_sort(counted.begin(), counted.end(), [](const Finding* a, const Finding* b) {
        if (a->severity != b->severity) return a->severity > b->severity;
        return a->score > b->score;
    });
    std::vector<std::string> reasons;
    for (const Finding* finding : counted) {
        if (std::find(reasons.begin(), reasons.end(), finding->code) == reasons.end()) {
            reasons.push_back(finding->code);
        }
    }
    if (!complete) reasons.emplace_back("INCOMPLETE");
    return reasons;
}

void settle(std::vector<RecipientVerdict>& recipients) {
    const auto some = [&](Action action) {
        return std::any_of(recipients.begin(), recipients.end(),
                           [&](const auto& r) { return r.action == action; });
    };
    const auto all = [&](Action action) {
        return std::all_of(recipients.begin(), recipients.end(),
                           [&](const auto& r) { return r.action == action; });
    };
    if (some(Action::Defer)) {
        for (RecipientVerdict& each : recipients) each.action = Action::Defer;
    } else if (some(Action::Reject) && !all(Action::Reject)) {
        for (RecipientVerdict& each : recipients) {
            if (each.action == Action::Reject) each.action = Action::Quarantine;
        }
    }
}

/// Of the check's mode and that of the code the weaker one holds.
void add_checked(const Weighed& checked,
                 const std::map<std::string, settings::CheckSetting>& settings,
                 std::vector<Weighed>& findings) {
    std::vector<Weighed> weighed = weigh({checked.finding}, settings);
    if (weighed.empty()) return;
    weighed.front().mode = std::min(weighed.front().mode, checked.mode);
    findings.push_back(std::move(weighed.front()));
}

}  // namespace

std::string_view word(MailClass mail_class) {
    return kClassWords.at(static_cast<std::size_t>(mail_class));
}

std::string_view word(Action action) {
    return kActionWords.at(static_cast<std::size_t>(action));
}

std::vector<Weighed> weigh(const std::vector<Finding>& findings,
                           const std::map<std::string, settings::CheckSetting>& checks) {
    std::vector<Weighed> weighed;
    for (const Finding& finding : findings) {
        const auto setting = checks.find(finding.code);
        if (setting == checks.end()) {
            weighed.push_back({finding, Mode::Enforce});
        } else if (setting->second.mode != Mode::Off) {
            weighed.push_back({finding, setting->second.mode});
            if (setting->second.has_score) weighed.back().finding.score = setting->second.score;
        }
    }
    return weighed;
}

Judgement judge(const Report& report, const std::vector<Weighed>& findings,
                const settings::Thresholds& thresholds, const settings::ClassActions& actions) {
    Judgement judgement;
    judgement.complete = report.complete();
    std::set<analyzers::Source> families;
    double points = 0;
    const bool undecided = std::any_of(findings.begin(), findings.end(), is_undecided);
    Action asked = undecided ? actions.undecided : Action::Deliver;
    bool class_spoke = false;
    for (const Weighed& weighed : findings) {
        if (!counts(weighed)) continue;
        judgement.score += weighed.finding.score;
        const bool enforced = weighed.mode == Mode::Enforce;
        const MailClass named = enforced ? class_of(weighed.finding.category) : MailClass::Clean;
        if (named != MailClass::Malware && named != MailClass::Policy) {
            points += weighed.finding.score;
            if (weighed.finding.score > 0) families.insert(weighed.finding.source);
        }
        if (named == MailClass::Clean) continue;
        judgement.mail_class = std::max(judgement.mail_class, named);
        asked = stricter(asked, action_of(named, actions));
        class_spoke = true;
    }
    Action spam = by_points(points, families.size(), thresholds);
    if (spam != Action::Deliver) {
        judgement.mail_class = std::max(judgement.mail_class, MailClass::Spam);
        if (class_spoke && spam == Action::Reject) spam = Action::Quarantine;
        asked = stricter(asked, spam);
    }
    if (!judgement.complete) {
        judgement.mail_class = std::max(judgement.mail_class, MailClass::Unscanned);
        asked = stricter(asked, only_encrypted(report) ? actions.encrypted : actions.unscanned);
    }
    judgement.action = asked;
    judgement.reasons = reasons_of(findings, judgement.complete);
    return judgement;
}

Applicable applicable(const settings::Policy& policy, std::string_view sender,
                      std::string_view recipient) {
    for (const settings::PolicyRule& rule : policy.rules) {
        if (matches_any(rule.senders, sender) && matches_any(rule.recipients, recipient)) {
            return {rule.name, rule.thresholds, rule.actions};
        }
    }
    return {"default", policy.thresholds, policy.actions};
}

Verdict decide(const Evidence& evidence, const settings::Policy& policy, std::string_view sender,
               const std::vector<std::string>& recipients, Replies replies) {
    const Report& report = evidence.report;
    Verdict verdict;
    verdict.findings = weigh(report.findings, policy.checks);
    for (const Weighed& each : evidence.checked) add_checked(each, policy.checks, verdict.findings);
    for (const std::string& recipient : recipients) {
        const Applicable applies = applicable(policy, sender, recipient);
        RecipientVerdict each{recipient, std::string(applies.rule), {}, {}};
        each.judgement = judge(report, verdict.findings, applies.thresholds, applies.actions);
        each.action = each.judgement.action;
        verdict.recipients.push_back(std::move(each));
    }
    if (replies == Replies::One) settle(verdict.recipients);
    if (verdict.recipients.empty()) {  // a scan without --to: the general policy speaks
        verdict.worst = judge(report, verdict.findings, policy.thresholds, policy.actions);
        return verdict;
    }
    const auto worst = std::max_element(
        verdict.recipients.begin(), verdict.recipients.end(),
        [](const auto& a, const auto& b) { return strictness(a.action) < strictness(b.action); });
    verdict.worst = worst->judgement;
    verdict.worst.action = worst->action;
    return verdict;
}

}  // namespace postern::verdict
