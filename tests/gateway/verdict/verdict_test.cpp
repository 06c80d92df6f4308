#include "gateway/verdict/verdict.hpp"

#include <gtest/gtest.h>

#include "analyzers/api/catalogue.hpp"
#include "gateway/verdict/replies.hpp"

namespace postern::verdict {
namespace {

using analyzers::Category;
using analyzers::ErrorCode;
using analyzers::Finding;
using analyzers::Report;
using analyzers::Severity;
using analyzers::Source;

Finding found(const char* code, double score, Category category = Category::None,
              Source source = Source::Analyzer) {
    Finding finding;
    finding.code = code;
    finding.score = score;
    finding.category = category;
    finding.source = source;
    finding.severity = category == Category::Malware ? Severity::Critical : Severity::Medium;
    return finding;
}

Report failed(ErrorCode code) {
    Report report;
    report.errors.push_back({{}, "x", code, ""});
    return report;
}

struct Case {
    const char* title;
    Report report;
    std::vector<Finding> findings;
    MailClass mail_class;
    Action action;
};

TEST(Judge, MakesClassAndActionFromFindings) {
    using C = MailClass;
    const Case cases[] = {
        {"nothing found", {}, {}, C::Clean, Action::Deliver},
        {"below the tag threshold", {}, {found("A", 4.9)}, C::Clean, Action::Deliver},
        {"at the tag threshold", {}, {found("A", 5)}, C::Spam, Action::Tag},
        {"at the quarantine threshold", {}, {found("A", 8)}, C::Spam, Action::Quarantine},
        {"points of one source never reject", {}, {found("A", 50)}, C::Spam, Action::Quarantine},
        {"two sources reject",
         {},
         {found("A", 8), found("B", 7, Category::None, Source::Rule)},
         C::Spam,
         Action::Reject},
        {"negative points count", {}, {found("A", 8), found("B", -4)}, C::Clean, Action::Deliver},
        {"malware", {}, {found("A", 15, Category::Malware)}, C::Malware, Action::Quarantine},
        {"malware without points",
         {},
         {found("A", 0, Category::Malware)},
         C::Malware,
         Action::Quarantine},
        {"malware is kept for review, not rejected by points",
         {},
         {found("A", 15, Category::Malware), found("B", 9, Category::None, Source::Rule)},
         C::Malware,
         Action::Quarantine},
        {"policy", {}, {found("A", 0, Category::Policy)}, C::Policy, Action::Quarantine},
        {"a crash is never clean", failed(ErrorCode::Crash), {}, C::Unscanned, Action::Quarantine},
        {"encrypted is never clean",
         failed(ErrorCode::Encrypted),
         {},
         C::Unscanned,
         Action::Quarantine},
        {"incomplete and spam: the worse class",
         failed(ErrorCode::Timeout),
         {found("A", 6)},
         C::Spam,
         Action::Quarantine},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        Report report = c.report;
        report.findings = c.findings;
        const Judgement judgement = judge(report, weigh(c.findings, {}), {}, {});
        EXPECT_EQ(word(judgement.mail_class), word(c.mail_class));
        EXPECT_EQ(word(judgement.action), word(c.action));
        EXPECT_EQ(judgement.complete, c.report.errors.empty());
    }
}

TEST(Judge, ALimitThatWasHitMakesItIncomplete) {
    Report report;
    report.limits.push_back({analyzers::Limit::Bytes, {}, 1, 2});
    const Judgement judgement = judge(report, {}, {}, {});
    EXPECT_EQ(judgement.mail_class, MailClass::Unscanned);
    EXPECT_EQ(judgement.reasons, std::vector<std::string>{"INCOMPLETE"});
}

TEST(Judge, EncryptedContentHasAnActionOfItsOwnOnlyWhenNothingElseFailed) {
    settings::ClassActions actions;
    actions.encrypted = Action::Tag;
    EXPECT_EQ(judge(failed(ErrorCode::Encrypted), {}, {}, actions).action, Action::Tag);
    Report both = failed(ErrorCode::Encrypted);
    both.errors.push_back({{}, "y", ErrorCode::Crash, ""});
    EXPECT_EQ(judge(both, {}, {}, actions).action, Action::Quarantine);
}

TEST(Judge, ReasonsAreTheCodesThatCountedWorstFirst) {
    const std::vector<Finding> findings = {found("LOW", 1), found("BAD", 0, Category::Malware),
                                           found("LOW", 1), found("NOTE", 0)};
    const Judgement judgement = judge({}, weigh(findings, {}), {}, {});
    EXPECT_EQ(judgement.reasons, (std::vector<std::string>{"BAD", "LOW"}));
}

TEST(Judge, WhatCouldNotBeToldIsAReasonAndPolicySaysWhatBecomesOfIt) {
    const Weighed undecided{found("CHECK_UNDECIDED", 0), Mode::Score};
    const Weighed unknown{found("LIST_UNKNOWN", 0), Mode::Enforce};
    const Weighed shown{found("LIST_UNKNOWN", 0), Mode::Monitor};
    const struct {
        const char* title;
        std::vector<Weighed> findings;
        Action undecided;
        Action action;
        MailClass mail_class = MailClass::Clean;
        std::size_t reasons = 1;
    } cases[] = {
        {"by default it is delivered", {undecided}, {}, Action::Deliver},
        {"a check", {undecided}, Action::Defer, Action::Defer},
        {"a list", {unknown}, Action::Quarantine, Action::Quarantine},
        {"only shown", {shown}, Action::Defer, Action::Deliver, MailClass::Clean, 0},
        {"all was told", {}, Action::Defer, Action::Deliver, MailClass::Clean, 0},
        {"what was found is stricter",
         {undecided, {found("A", 9), Mode::Score}},
         Action::Defer,
         Action::Quarantine,
         MailClass::Spam,
         2},
        {"what was found is milder",
         {undecided, {found("A", 6), Mode::Score}},
         Action::Defer,
         Action::Defer,
         MailClass::Spam,
         2},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        settings::ClassActions actions;
        actions.undecided = c.undecided;
        const Judgement judgement = judge({}, c.findings, {}, actions);
        EXPECT_EQ(judgement.action, c.action);
        EXPECT_EQ(judgement.mail_class, c.mail_class);
        EXPECT_EQ(judgement.reasons.size(), c.reasons);
    }
}

TEST(Weigh, ModesDecideWhatCounts) {
    const std::vector<Finding> findings = {found("A", 9, Category::Malware)};
    struct {
        Mode mode;
        MailClass mail_class;
        std::size_t shown;
    } const cases[] = {{Mode::Off, MailClass::Clean, 0},
                       {Mode::Monitor, MailClass::Clean, 1},
                       {Mode::Score, MailClass::Spam, 1},
                       {Mode::Enforce, MailClass::Malware, 1}};
    for (const auto& c : cases) {
        const auto weighed = weigh(findings, {{"A", {c.mode, false, 0}}});
        EXPECT_EQ(weighed.size(), c.shown);
        EXPECT_EQ(word(judge({}, weighed, {}, {}).mail_class), word(c.mail_class));
    }
    EXPECT_EQ(weigh(findings, {{"A", {Mode::Score, true, 2}}})[0].finding.score, 2);
}

settings::Policy with_rule(Action malware, std::vector<std::string> recipients) {
    settings::Policy policy;
    settings::PolicyRule rule;
    rule.name = "special";
    rule.recipients = std::move(recipients);
    rule.actions.malware = malware;
    policy.rules.push_back(rule);
    return policy;
}

TEST(Applicable, FindsTheFirstRuleForTheAddress) {
    const settings::Policy policy = with_rule(Action::Tag, {"b.example", ".sub.example", "x@y.z"});
    struct {
        const char* recipient;
        const char* rule;
    } const cases[] = {{"a@b.example", "special"},
                       {"a@B.EXAMPLE", "special"},
                       {"a@c.b.example", "default"},
                       {"a@c.sub.example", "special"},
                       {"a@sub.example", "default"},
                       {"x@y.z", "special"},
                       {"w@y.z", "default"},
                       {"", "default"},
                       {"a@evilsub.example", "default"}};
    for (const auto& c : cases) {
        EXPECT_EQ(applicable(policy, "", c.recipient).rule, c.rule) << c.recipient;
    }
}

TEST(Decide, OneReplyForAllRecipientsNeverLosesOrDoublesMail) {
    Report report;
    report.findings = {found("A", 15, Category::Malware)};
    struct {
        const char* title;
        Action special;
        Action first;   // a@special.example
        Action second;  // b@other.example, whose policy says quarantine
    } const cases[] = {
        {"delivered to one, held for the other", Action::Deliver, Action::Deliver,
         Action::Quarantine},
        {"a rejection beside others becomes a quarantine", Action::Reject, Action::Quarantine,
         Action::Quarantine},
        {"a deferral defers all", Action::Defer, Action::Defer, Action::Defer},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Verdict verdict = decide(report, with_rule(c.special, {"special.example"}), "",
                                       {"a@special.example", "b@other.example"});
        EXPECT_EQ(word(verdict.recipients[0].action), word(c.first));
        EXPECT_EQ(word(verdict.recipients[1].action), word(c.second));
    }
    const Verdict all = decide(report, with_rule(Action::Reject, {}), "", {"a@b", "c@d"});
    EXPECT_EQ(all.worst.action, Action::Reject);
    EXPECT_EQ(decide(report, {}, "", {}).worst.action, Action::Quarantine);
}

TEST(Replies, QuarantinedMailHearsTheWordsOfDeliveredMail) {
    const ReplyWords delivered = reply_for(Action::Deliver, MailClass::Clean, "ID");
    const ReplyWords held = reply_for(Action::Quarantine, MailClass::Malware, "ID");
    EXPECT_EQ(delivered.text, held.text);
    EXPECT_EQ(held.code, 250);
    EXPECT_EQ(reply_for(Action::Reject, MailClass::Malware, "ID").code, 554);
    EXPECT_EQ(analyzer_unavailable("ID").code, 451);
    EXPECT_EQ(analyzer_unavailable("ID").enhanced, "4.3.0");
    EXPECT_EQ(reply_for(Action::Defer, MailClass::Clean, "ID").enhanced, "4.4.3");
}

TEST(Decide, AFindingOfACheckCountsAsItsModeAllows) {
    struct {
        Mode check;
        Mode code;
        double score;
        bool shown;
    } const cases[] = {{Mode::Monitor, Mode::Enforce, 0, true},
                       {Mode::Score, Mode::Enforce, 1.5, true},
                       {Mode::Enforce, Mode::Enforce, 1.5, true},
                       {Mode::Enforce, Mode::Monitor, 0, true},
                       {Mode::Enforce, Mode::Off, 0, false}};
    const analyzers::Report report;
    for (const auto& c : cases) {
        SCOPED_TRACE(static_cast<int>(c.check) * 10 + static_cast<int>(c.code));
        settings::Policy policy;
        policy.checks["CLIENT_NO_PTR"] = {c.code, false, 0};
        const Evidence evidence{report, {{analyzers::finding("CLIENT_NO_PTR", ""), c.check}}};
        const Verdict verdict = decide(evidence, policy, "a@b.example", {"c@d.example"});
        EXPECT_EQ(verdict.worst.score, c.score);
        EXPECT_EQ(!verdict.findings.empty(), c.shown);
    }
}

TEST(Decide, OneReplyEachLeavesEachRecipientItsOwnOutcome) {
    const analyzers::Report report;
    settings::Policy policy;
    policy.rules.push_back({"strict", {}, {"strict@d.example"}, {-1000, -1000, -1000}, {}});
    const Evidence evidence{report,
                            {{analyzers::finding("CLIENT_NO_PTR", ""), Mode::Score},
                             {analyzers::finding("LIST_CLIENT", ""), Mode::Score}}};
    const std::vector<std::string> recipients = {"strict@d.example", "c@d.example"};
    const Verdict one = decide(evidence, policy, "a@b.example", recipients);
    EXPECT_EQ(one.recipients[0].action, Action::Quarantine);
    const Verdict each = decide(evidence, policy, "a@b.example", recipients, Replies::Each);
    EXPECT_EQ(each.recipients[0].action, Action::Reject);
    EXPECT_EQ(each.recipients[1].action, Action::Deliver);
}

}  // namespace
}  // namespace postern::verdict
