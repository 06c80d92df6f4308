#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/checks/names.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks::tests {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

TEST(Helo, Syntax) {
    struct {
        const char* helo;
        Words said;
    } const cases[] = {
        {"mail.example.org", {}},
        {"mail.example.org.", {}},
        {"under_score.example.org", {}},
        {"[192.0.2.1]", {}},
        {"[IPv6:2001:db8::1]", {}},
        {"[192.0.2]", {"HELO_SYNTAX 501 5.5.2"}},
        {"192.0.2.1", {"HELO_SYNTAX"}},
        {"localhost", {"HELO_NOT_QUALIFIED"}},
        {"a..b", {"HELO_SYNTAX 501 5.5.2"}},
        {"exa$mple.org", {"HELO_SYNTAX 501 5.5.2"}},
        {"", {"HELO_SYNTAX 501 5.5.2"}},
    };
    Bench bench;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.helo);
        Facts facts = ordinary();
        facts.helo->argument = c.helo;
        EXPECT_EQ(words(bench.say(check("helo_syntax"), facts)), c.said);
    }
    Facts facts = ordinary();
    facts.helo->argument = "localhost";
    EXPECT_THAT(words(bench.say(check("helo_syntax"), facts, {{"qualified", true}})),
                ElementsAre("HELO_NOT_QUALIFIED 504 5.5.2"));
}

TEST(Helo, ALiteralThatIsSomebodyElses) {
    struct {
        const char* helo;
        bool foreign;
    } const cases[] = {{"[198.51.100.7]", false},
                       {"198.51.100.7", false},
                       {"[IPv6:::ffff:198.51.100.7]", false},
                       {"[198.51.100.8]", true},
                       {"198.51.100.8", true},
                       {"[IPv6:2001:db8::7]", true},
                       {"out.sender.example", false}};
    Bench bench;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.helo);
        Facts facts = ordinary();
        facts.helo->argument = c.helo;
        EXPECT_EQ(!bench.say(check("helo_literal"), facts).empty(), c.foreign);
    }
}

TEST(Helo, OurOwnNames) {
    struct {
        const char* helo;
        bool ours;
    } const cases[] = {{"mx.dest.example", true},   {"MX.dest.EXAMPLE.", true},
                       {"dest.example", true},      {"[198.51.100.200]", true},
                       {"198.51.100.200", true},    {"mx2.dest.example", false},
                       {"[198.51.100.201]", false}, {"xdest.example", false}};
    Bench bench;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.helo);
        Facts facts = ordinary();
        facts.helo->argument = c.helo;
        const Words expected = c.ours ? Words{"HELO_FORGED 550 5.7.1"} : Words{};
        EXPECT_EQ(words(bench.say(check("helo_self"), facts)), expected);
    }
    Facts ourselves = ordinary();
    ourselves.helo->argument = "mx.dest.example";
    ourselves.connection.local = ourselves.connection.client;
    EXPECT_TRUE(bench.say(check("helo_self"), ourselves).empty());
}

TEST(Helo, NamesThatDoNotResolve) {
    Bench bench;
    bench.dns.a("out.sender.example", {"198.51.100.99"})
        .a("v6.sender.example", {"2001:db8::1"})
        .fails("slow.sender.example", dns::RecordType::A)
        .mx("onlymx.sender.example", {{10, "mail.example"}});
    struct {
        const char* helo;
        bool defer;
        Words said;
    } const cases[] = {
        {"out.sender.example", false, {}},
        {"out.sender.example.", false, {}},
        {"v6.sender.example", false, {}},
        {"gone.sender.example", false, {"HELO_UNRESOLVABLE 450 4.7.1"}},
        {"onlymx.sender.example", false, {"HELO_UNRESOLVABLE 450 4.7.1"}},
        {"slow.sender.example", false, {"CHECK_UNDECIDED"}},
        {"slow.sender.example", true, {"CHECK_UNDECIDED 450 4.7.1"}},
        {"[192.0.2.1]", false, {}},
        {"localhost", false, {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.helo);
        Facts facts = ordinary();
        facts.helo->argument = c.helo;
        EXPECT_EQ(words(bench.say(check("helo_resolves"), facts, {{"defer", c.defer}})), c.said);
    }
}

TEST(Helo, NamesThatAreNotTheClients) {
    Bench bench;
    bench.dns.a("out.sender.example", {"198.51.100.7"})
        .a("other.sender.example", {"198.51.100.9"})
        .ptr("7.100.51.198.in-addr.arpa", {"reverse.sender.example"})
        .fails("slow.sender.example", dns::RecordType::A);
    struct {
        const char* helo;
        Words said;
    } const cases[] = {{"out.sender.example", {}},
                       {"reverse.sender.example", {}},
                       {"other.sender.example", {"HELO_MISMATCH 550 5.7.1"}},
                       {"gone.sender.example", {"HELO_MISMATCH 550 5.7.1"}},
                       {"slow.sender.example", {"CHECK_UNDECIDED"}}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.helo);
        Facts facts = ordinary();
        facts.helo->argument = c.helo;
        EXPECT_EQ(words(bench.say(check("helo_ptr_match"), facts)), c.said);
    }
}

TEST(GenericNames, AddressesAndWordsOfProviders) {
    const mail::IpAddress client = address("198.51.100.7");
    struct {
        const char* name;
        bool generic;
    } const cases[] = {{"198-51-100-7.provider.example", true},
                       {"host7.100.51.198.provider.example", true},
                       {"ip-100-51-198.provider.example", true},
                       {"c6336407.provider.example", true},
                       {"dsl42.provider.example", true},
                       {"a1.dynamic.provider.example", true},
                       {"pool-3.provider.example", true},
                       {"mail.provider.example", false},
                       {"mx1.pool.example", false},
                       {"mail7.provider.example", false},
                       {"dynamics.provider.example", false},
                       {"dyn.example", false},
                       {"mail", false},
                       {"", false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(generic_trait(c.name, client).has_value(), c.generic);
    }
}

TEST(GenericNames, HeloAndReverseNameCountOnTheirOwn) {
    Bench bench;
    bench.dns.ptr("7.100.51.198.in-addr.arpa", {"dsl7.provider.example"});
    Facts facts = ordinary();
    facts.helo->argument = "dyn-7.provider.example";
    EXPECT_THAT(words(bench.say(check("generic_name"), facts)),
                ElementsAre("HELO_GENERIC_NAME 550 5.7.1", "CLIENT_GENERIC_NAME 550 5.7.1"));
}

}  // namespace
}  // namespace postern::checks::tests
