#include "gateway/checks/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "analyzers/api/catalogue.hpp"
#include "gateway/checks/options.hpp"
#include "gateway/settings/config_error.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks::tests {
namespace {

using std::chrono::seconds;

Plan plan_of(const std::string& toml) {
    return configure(settings::parse(toml, "a.toml").settings);
}

TEST(Plan, AnEmptyFileIsTheRegistry) {
    const Plan plan = plan_of("");
    EXPECT_EQ(plan.all().size(), registry().size());
    EXPECT_EQ(plan.at("pregreet").mode, Mode::Enforce);
    EXPECT_EQ(option<std::chrono::milliseconds>(plan.at("pregreet").options, "wait"), seconds(6));
}

TEST(Plan, TakesModeScoreAndOwnKeys) {
    const Plan plan = plan_of(
        "[checks.pregreet]\nmode = \"monitor\"\nwait = \"2s\"\n"
        "[checks.no_ptr]\nscore = 3\n[checks.sender_tls]\ndomains = \"a.example\"\n");
    EXPECT_EQ(plan.at("pregreet").mode, Mode::Monitor);
    EXPECT_EQ(option<std::chrono::milliseconds>(plan.at("pregreet").options, "wait"), seconds(2));
    EXPECT_EQ(plan.at("no_ptr").score, 3.0);
    EXPECT_EQ(option<std::vector<std::string>>(plan.at("sender_tls").options, "domains"),
              std::vector<std::string>{"a.example"});
}

TEST(Plan, SaysWhatIsWrongAndWhere) {
    struct {
        const char* title;
        const char* toml;
        const char* message;
    } const cases[] = {
        {"unknown check", "\n[checks.nonsense]\nmode = \"off\"\n",
         "a.toml:2: checks.nonsense names no check"},
        {"unknown key", "[checks.pregreet]\nwaits = \"2s\"\n",
         "a.toml:2: checks.pregreet.waits is no key of this check; one of mode, score, wait"},
        {"wrong type", "[checks.pregreet]\nwait = 2\n",
         "a.toml:2: checks.pregreet.wait is no duration"},
        {"out of range", "[checks.pregreet]\nwait = \"2m\"\n",
         "a.toml:2: checks.pregreet.wait is 2m; 0ms to 1m is expected"},
        {"number out of range", "[checks.harvest]\nlimit = 0\n",
         "a.toml:2: checks.harvest.limit is 0; 1 to 100000 is expected"},
        {"no switch", "[checks.no_ptr]\ndefer = \"yes\"\n",
         "a.toml:2: checks.no_ptr.defer is no switch; true or false is expected"},
        {"fixed mode", "[checks.relay]\nmode = \"off\"\n",
         "a.toml:1: checks.relay.mode cannot be changed; \"enforce\" is expected"},
        {"wrong mode", "[checks.no_ptr]\nmode = \"on\"\n",
         "a.toml:2: checks.no_ptr.mode is \"on\""},
        {"score out of range", "[checks.no_ptr]\nscore = 101\n",
         "a.toml:2: checks.no_ptr.score is 101.0; -100.0 to 100.0 is expected"},
        {"unknown code", "[checks.NONSENSE]\nmode = \"off\"\n", "a.toml:1: checks.NONSENSE names"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        try {
            (void)plan_of(c.toml);
            ADD_FAILURE() << "was taken";
        } catch (const settings::ConfigError& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with(c.message)) << error.what();
        }
    }
}

TEST(Plan, ShowsDefaultsThatParseBack) {
    const std::string set = "[checks.pregreet]\nwait = \"2s\"\n";
    const auto loaded = settings::parse(set, "a.toml");
    std::string toml = set.substr(set.find('\n') + 1);
    toml = "checks.pregreet." + toml;
    for (const settings::Effective& each : defaults_in_force(loaded.settings)) {
        EXPECT_NE(each.key, "checks.pregreet.wait");
        toml += each.key + " = " + each.value + "\n";
    }
    const Plan again = plan_of(toml);
    const Plan plan = configure(loaded.settings);
    for (std::size_t i = 0; i < plan.all().size(); ++i) {
        EXPECT_EQ(again.all()[i].mode, plan.all()[i].mode);
        EXPECT_EQ(again.all()[i].options, plan.all()[i].options);
    }
}

TEST(Registry, NamesAreUniqueAndEveryCheckSaysWhatItIsAbout) {
    std::set<std::string_view> names;
    for (const Check* each : registry()) {
        SCOPED_TRACE(std::string(each->name));
        EXPECT_TRUE(names.insert(each->name).second);
        EXPECT_FALSE(each->meaning.empty());
        for (const OptionKind& option : each->options) EXPECT_FALSE(option.meaning.empty());
        EXPECT_TRUE(each->prepare == nullptr || each->waits == Waits::Dns);
    }
}

Heard run_all(Bench& bench, const Plan& plan, const Facts& facts, Stage stage, Part part) {
    dns::Inquiry inquiry(bench.dns, {});
    Heard heard;
    run(plan, stage, part, facts, bench.tools(inquiry), heard, {});
    return heard;
}

TEST(Run, TheModeDecidesWhatBecomesOfAFinding) {
    struct {
        const char* mode;
        std::size_t findings;
        Mode kept;
        bool refused;
    } const cases[] = {{"off", 0, Mode::Off, false},
                       {"monitor", 1, Mode::Monitor, false},
                       {"score", 1, Mode::Score, false},
                       {"enforce", 1, Mode::Enforce, true}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.mode);
        Bench bench;
        const Plan plan =
            plan_of("[checks.helo_self]\nmode = \"" + std::string(c.mode) + "\"\nscore = 2.5\n");
        Facts facts = ordinary();
        facts.helo->argument = "mx.dest.example";
        const Heard heard = run_all(bench, plan, facts, Stage::Helo, Part::AtOnce);
        ASSERT_EQ(heard.findings.size(), c.findings);
        EXPECT_EQ(heard.refusal.has_value(), c.refused);
        if (c.findings == 0) continue;
        EXPECT_EQ(heard.findings[0].mode, c.kept);
        EXPECT_EQ(heard.findings[0].finding.score, 2.5);
    }
}

TEST(Run, TrustedClientsMeetOnlyWhatIsNotAboutSpam) {
    Bench bench;
    bench.settings.accept_domains = {};
    Facts facts = ordinary();
    facts.connection.trusted = true;
    facts.helo->argument = "mx.dest.example";
    const Plan plan = plan_of("");
    EXPECT_TRUE(run_all(bench, plan, facts, Stage::Helo, Part::AtOnce).findings.empty());
    EXPECT_FALSE(has(plan, Stage::Helo, Part::Deferred, facts.connection));
    EXPECT_TRUE(bench.dns.asked().empty());
    EXPECT_EQ(run_all(bench, plan, facts, Stage::Recipient, Part::AtOnce).refused_by, "relay");
}

TEST(Run, DnsIsAskedAtItsStageAndWaitedForAtTheEndUnlessItIsToEnforce) {
    Bench bench;
    const Plan scoring = plan_of("");
    EXPECT_TRUE(run_all(bench, scoring, ordinary(), Stage::Sender, Part::AtOnce).findings.empty());
    EXPECT_EQ(bench.dns.asked().size(), 3U);  // MX, A, AAAA
    EXPECT_FALSE(has(scoring, Stage::Sender, Part::Dns, ordinary().connection));
    EXPECT_EQ(run_all(bench, scoring, ordinary(), Stage::Sender, Part::Deferred).findings.size(),
              1U);

    const Plan enforcing = plan_of("[checks.sender_domain]\nmode = \"enforce\"\n");
    EXPECT_TRUE(has(enforcing, Stage::Sender, Part::Dns, ordinary().connection));
    const Heard heard = run_all(bench, enforcing, ordinary(), Stage::Sender, Part::Dns);
    EXPECT_EQ(heard.refused_by, "sender_domain");
    EXPECT_TRUE(
        run_all(bench, enforcing, ordinary(), Stage::Sender, Part::Deferred).findings.empty());
}

TEST(Run, WhatCannotBeToldKeepsNoPoints) {
    Bench bench;
    bench.dns.fails("sender.example", dns::RecordType::Mx);
    const Plan plan = plan_of("[checks.sender_domain]\nscore = 9\n");
    const Heard heard = run_all(bench, plan, ordinary(), Stage::Sender, Part::Deferred);
    ASSERT_EQ(heard.findings.size(), 1U);
    EXPECT_EQ(heard.findings[0].finding.score, 0);
}

TEST(Run, EachRunIsCountedWithWhatCameOfIt) {
    Bench bench;
    Facts facts = ordinary();
    facts.helo->argument = "mx.dest.example";
    std::vector<std::string> counted;
    dns::Inquiry inquiry(bench.dns, {});
    Heard heard;
    run(plan_of(""), Stage::Helo, Part::AtOnce, facts, bench.tools(inquiry), heard,
        [&](const Configured& check, Came came) {
            counted.push_back(std::string(check.check->name) + " " + std::string(name(came)));
        });
    EXPECT_THAT(counted, testing::ElementsAre("helo_syntax clear", "helo_literal clear",
                                              "helo_self refused"));
}

}  // namespace
}  // namespace postern::checks::tests
