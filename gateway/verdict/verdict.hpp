#pragma once

/// @file From findings to what is done with the message, per recipient. Pure: facts and policy in,
/// judgements out. The only place where points and classes become an action.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::verdict {

using settings::Action;
using settings::Mode;

/// Ordered: a later one is worse.
enum class MailClass : std::uint8_t {
    Clean,
    Unscanned,
    Policy,
    Spam,
    Phishing,
    Suspicious,
    Malware
};

/// The words of the contracts: "clean", "unscanned", ...; "deliver", "tag", ...
[[nodiscard]] std::string_view word(MailClass mail_class);
[[nodiscard]] std::string_view word(Action action);

/// A finding as [checks.<code>] lets it count.
struct Weighed {
    analyzers::Finding finding;
    Mode mode = Mode::Enforce;  ///< Monitor: shown, never counted; Score: points, but no class
};

/// Drops what is off, applies configured scores and modes, keeps the order.
[[nodiscard]] std::vector<Weighed> weigh(
    const std::vector<analyzers::Finding>& findings,
    const std::map<std::string, settings::CheckSetting>& checks);

struct Judgement {
    MailClass mail_class = MailClass::Clean;
    Action action = Action::Deliver;
    double score = 0;
    bool complete = true;
    std::vector<std::string> reasons;  ///< codes that made it so, worst first, each once
};

/// Judges one report under one policy. The class is the worst that a counted finding or the points
/// name; an incomplete analysis is at least Unscanned. The action is the strictest that any of them
/// asks for, with two restraints: points alone reject only when two independent sources found
/// something, and where a class names its action, points do not go beyond Quarantine (what a
/// reviewer should see is not lost to a rejection). What makes a message malware or against policy
/// speaks through its class alone: its points are shown, and decide nothing twice. What checks and
/// lists could not tell is among the reasons, and asks for what ClassActions::undecided says.
[[nodiscard]] Judgement judge(const analyzers::Report& report, const std::vector<Weighed>& findings,
                              const settings::Thresholds& thresholds,
                              const settings::ClassActions& actions);

/// Thresholds and actions that hold for this pair of addresses, and the rule they come from.
struct Applicable {
    std::string_view rule;  ///< "default" or the rule's name; lives as long as the policy
    settings::Thresholds thresholds;
    settings::ClassActions actions;
};
/// Addresses as "local@domain", without brackets; the null reverse-path is "".
[[nodiscard]] Applicable applicable(const settings::Policy& policy, std::string_view sender,
                                    std::string_view recipient);

/// One: the client hears one reply for all recipients. Each: one for each of them (PRDR).
enum class Replies : std::uint8_t { One, Each };

/// What is to be judged. Findings of checks come with the mode of their check; [checks.<code>] may
/// still change it, but not upwards: what is only shown stays so.
struct Evidence {
    const analyzers::Report& report;
    std::vector<Weighed> checked = {};
};

struct RecipientVerdict {
    std::string forward_path;
    std::string rule;
    Judgement judgement;
    Action action = Action::Deliver;  ///< after settle(): what is really done
};

struct Verdict {
    Judgement worst;  ///< the strictest of all recipients: what is logged and shown
    std::vector<Weighed> findings;
    std::vector<RecipientVerdict> recipients;
};

/// Judges for every recipient, then settles them where the client hears one reply for all: one
/// deferral defers all (nobody gets it twice), and a rejection beside other outcomes becomes a
/// quarantine.
[[nodiscard]] Verdict decide(const Evidence& evidence, const settings::Policy& policy,
                             std::string_view sender, const std::vector<std::string>& recipients,
                             Replies replies = Replies::One);
[[nodiscard]] inline Verdict decide(const analyzers::Report& report, const settings::Policy& policy,
                                    std::string_view sender,
                                    const std::vector<std::string>& recipients) {
    return decide(Evidence{report}, policy, sender, recipients);
}

}  // namespace postern::verdict
