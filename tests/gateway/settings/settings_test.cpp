#include "gateway/settings/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/quantity.hpp"

namespace postern::settings {
namespace {

TEST(Settings, AnEmptyFileRunsOnDefaults) {
    const Loaded loaded = parse("", "empty.toml");
    EXPECT_EQ(loaded.settings.smtp.listen, std::vector<std::string>{"127.0.0.1:2525"});
    EXPECT_EQ(loaded.settings.policy.actions.unscanned, Action::Quarantine);
    EXPECT_EQ(loaded.settings.policy.actions.undecided, Action::Deliver);
    EXPECT_EQ(loaded.settings.quarantine.blobs, "/var/lib/postern/blobs");
    EXPECT_TRUE(std::all_of(loaded.effective.begin(), loaded.effective.end(),
                            [](const Effective& e) { return e.origin == "default"; }));
}

TEST(Settings, ShowsEachValueWithItsOrigin) {
    const Loaded loaded = parse("[smtp]\n\nmax_message_size = \"2MiB\"\n", "a.toml");
    const auto found =
        std::find_if(loaded.effective.begin(), loaded.effective.end(),
                     [](const Effective& e) { return e.key == "smtp.max_message_size"; });
    ASSERT_NE(found, loaded.effective.end());
    EXPECT_EQ(found->value, "\"2MiB\"");
    EXPECT_EQ(found->origin, "a.toml:3");
}

TEST(Settings, WhatIsShownParsesBackToTheSame) {
    const Loaded loaded = parse("[smtp]\nhostname = \"mx.example\"\n[policy]\ntag = 4.5\n", "a");
    std::string again;
    for (const Effective& each : loaded.effective) again += each.key + " = " + each.value + "\n";
    const Loaded reparsed = parse(again, "b");
    for (std::size_t i = 0; i < loaded.effective.size(); ++i) {
        EXPECT_EQ(reparsed.effective[i].value, loaded.effective[i].value);
    }
}

TEST(Settings, PolicyRulesBeginWithTheGeneralPolicy) {
    const Loaded loaded = parse(
        "[policy]\nreject = 20\n[[policy.rule]]\nname = \"vip\"\nrecipients = \"ceo@a.example\"\n"
        "tag = 3\nencrypted = \"deliver\"\n",
        "a.toml");
    ASSERT_EQ(loaded.settings.policy.rules.size(), 1U);
    const PolicyRule& rule = loaded.settings.policy.rules[0];
    EXPECT_EQ(rule.name, "vip");
    EXPECT_EQ(rule.thresholds.reject, 20);
    EXPECT_EQ(rule.thresholds.tag, 3);
    EXPECT_EQ(rule.actions.encrypted, Action::Deliver);
    EXPECT_EQ(rule.actions.malware, Action::Quarantine);
}

struct BadCase {
    const char* title;
    const char* toml;
    const char* message;
};

TEST(Settings, RefusesWhatItDoesNotUnderstandByFileAndLine) {
    const BadCase cases[] = {
        {"no TOML", "[smtp\n", "a.toml:1: this is not TOML"},
        {"unknown key", "[smtp]\nhostnam = \"x\"\n", "a.toml:2: smtp.hostnam is no key"},
        {"unknown section", "\n[smpt]\nx = 1\n", "a.toml:3: smpt.x is no key"},
        {"wrong type", "[smtp]\nmax_errors = \"3\"\n", "a.toml:2: smtp.max_errors is a text"},
        {"too small", "[smtp]\nmax_errors = 0\n", "is 0; 1 to 1000 is expected"},
        {"negative", "[next_hop]\nport = -1\n", "next_hop.port is -1"},
        {"no size", "[smtp]\nmax_message_size = \"50MB\"\n", "is no size"},
        {"bare number for a size", "[smtp]\nmax_message_size = 5\n", "is no size"},
        {"no duration", "[smtp]\ndata_timeout = \"soon\"\n", "is no duration"},
        {"duration out of range", "[smtp]\ndata_timeout = \"2h\"\n", "100ms to 1h is expected"},
        {"unknown word", "[next_hop]\ntls = \"yes\"\n", "one of \"none\""},
        {"no endpoint", "[smtp]\nlisten = [\"localhost\"]\n", "\"address:port\" is expected"},
        {"port too large", "[smtp]\nlisten = [\"127.0.0.1:70000\"]\n", "is expected"},
        {"empty list", "[smtp]\nlisten = []\n", "is empty"},
        {"list of numbers", "[domains]\naccept = [1]\n", "holds a whole number"},
        {"unknown finding", "[checks.NOPE]\nmode = \"off\"\n", "names no finding"},
        {"thresholds out of order", "[policy]\ntag = 9\n", "is out of order"},
        {"certificate without key", "[smtp.tls]\ncertificate = \"/c\"\n", "stands alone"},
        {"foreign database", "[quarantine]\nurl = \"mysql://x\"\n", "sqlite:///folder/file"},
        {"rule with an unknown key", "[[policy.rule]]\nfoo = 1\n", "policy.rule[0].foo is no key"},
        {"more idle than all workers", "[jail]\nidle_workers = 20\n", "more than jail.max_workers"},
    };
    for (const BadCase& c : cases) {
        SCOPED_TRACE(c.title);
        try {
            (void)parse(c.toml, "a.toml");
            ADD_FAILURE() << "was accepted";
        } catch (const ConfigError& error) {
            EXPECT_NE(std::string(error.what()).find(c.message), std::string::npos) << error.what();
            EXPECT_TRUE(std::string(error.what()).starts_with("a.toml:")) << error.what();
        }
    }
}

TEST(Settings, WhatIsRemovedAndWhenHasItsEdges) {
    const auto quarantine = [](const std::string& lines) {
        return parse("[quarantine]\n" + lines, "a.toml").settings.quarantine;
    };
    const Quarantine standard = quarantine("");
    EXPECT_EQ(standard.retention_interval, std::chrono::hours(1));
    EXPECT_EQ(standard.forget_days, 90U);
    EXPECT_EQ(standard.audit_days, 0U);
    EXPECT_EQ(quarantine("retention_interval = \"1s\"\n").retention_interval,
              std::chrono::seconds(1));
    EXPECT_EQ(quarantine("retention_interval = \"24h\"\n").retention_interval,
              std::chrono::hours(24));
    EXPECT_EQ(quarantine("forget_days = 1\naudit_days = 36500\n").audit_days, 36500U);
    for (const char* bad : {"retention_interval = \"999ms\"\n", "retention_interval = \"25h\"\n",
                            "forget_days = 0\n", "forget_days = 3651\n", "audit_days = 36501\n"}) {
        EXPECT_THROW((void)quarantine(bad), ConfigError) << bad;
    }
}

TEST(Settings, AFileThatIsNotThereIsNamed) {
    try {
        (void)load("/nonexistent/postern.toml");
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with("/nonexistent/postern.toml:0:"));
    }
}

TEST(Quantity, DurationsAndSizesRoundTrip) {
    using std::chrono::milliseconds;
    EXPECT_EQ(parse_duration("5s"), milliseconds(5000));
    EXPECT_EQ(parse_duration("1500ms"), milliseconds(1500));
    EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
    EXPECT_EQ(format_duration(milliseconds(0)), "0ms");
    EXPECT_EQ(parse_size("50MiB"), 50U << 20U);
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_duration("0"), milliseconds(0));
    EXPECT_EQ(format_size(3U << 10U), "3KiB");
    for (const char* bad : {"", "s", "5", "5 s", "-5s", "5S", "99999999999999999999s", "1e3s"}) {
        EXPECT_FALSE(parse_duration(bad)) << bad;
    }
    for (const char* bad : {"", "MiB", "5", "5MB", "5mib", "99999999999TiB", "0x5B"}) {
        EXPECT_FALSE(parse_size(bad)) << bad;
    }
}

}  // namespace
}  // namespace postern::settings
