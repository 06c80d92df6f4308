#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/checks/connection/limits.hpp"
#include "gateway/checks/names.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr char kReverse[] = "7.100.51.198.in-addr.arpa";

TEST(Connection, OnlyWhoSpokeBeforeTheBannerIsAnEarlyTalker) {
    Bench bench;
    Facts facts = ordinary();
    EXPECT_THAT(bench.say(check("pregreet"), facts), IsEmpty());
    facts.connection.early_talker = true;
    EXPECT_THAT(words(bench.say(check("pregreet"), facts)), ElementsAre("EARLY_TALKER 521 5.5.1"));
}

TEST(Connection, ReverseNames) {
    struct {
        const char* title;
        void (*zone)(postern::tests::FakeResolver& dns);
        Words no_ptr;
        Words fcrdns;
    } const cases[] = {
        {"leads back",
         [](auto& dns) {
             dns.ptr(kReverse, {"out.sender.example"}).a("out.sender.example", {"198.51.100.7"});
         },
         {},
         {}},
        {"the second name leads back",
         [](auto& dns) {
             dns.ptr(kReverse, {"one.sender.example", "two.sender.example"})
                 .a("two.sender.example", {"198.51.100.7"});
         },
         {},
         {}},
        {"none", [](auto&) {}, {"CLIENT_NO_PTR 550 5.7.25"}, {}},
        {"a name without such a record",
         [](auto& dns) { dns.txt(kReverse, {"x"}); },
         {"CLIENT_NO_PTR 550 5.7.25"},
         {}},
        {"leads elsewhere",
         [](auto& dns) {
             dns.ptr(kReverse, {"out.sender.example"}).a("out.sender.example", {"198.51.100.8"});
         },
         {},
         {"CLIENT_PTR_UNCONFIRMED 550 5.7.25"}},
        {"leads nowhere",
         [](auto& dns) { dns.ptr(kReverse, {"out.sender.example"}); },
         {},
         {"CLIENT_PTR_UNCONFIRMED 550 5.7.25"}},
        {"the reverse zone does not answer",
         [](auto& dns) { dns.fails(kReverse, dns::RecordType::Ptr, dns::Status::Late); },
         {"CHECK_UNDECIDED"},
         {"CHECK_UNDECIDED"}},
        {"the forward zone does not answer",
         [](auto& dns) {
             dns.ptr(kReverse, {"out.sender.example"})
                 .fails("out.sender.example", dns::RecordType::A);
         },
         {},
         {"CHECK_UNDECIDED"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        Bench bench;
        c.zone(bench.dns);
        EXPECT_EQ(words(bench.say(check("no_ptr"), ordinary())), c.no_ptr);
        EXPECT_EQ(words(bench.say(check("fcrdns"), ordinary())), c.fcrdns);
    }
}

TEST(Connection, WhatCannotBeToldDefersOnlyWhereTheOperatorSaysSo) {
    Bench bench;
    bench.dns.fails(kReverse, dns::RecordType::Ptr);
    EXPECT_THAT(words(bench.say(check("no_ptr"), ordinary(), {{"defer", true}})),
                ElementsAre("CHECK_UNDECIDED 450 4.7.25"));
    EXPECT_THAT(words(bench.say(check("fcrdns"), ordinary(), {{"defer", true}})),
                ElementsAre("CHECK_UNDECIDED 450 4.7.25"));
}

TEST(Connection, ABudgetThatIsUsedUpTellsNothing) {
    Bench bench;
    bench.lookups = 0;
    EXPECT_THAT(words(bench.say(check("no_ptr"), ordinary())), ElementsAre("CHECK_UNDECIDED"));
    EXPECT_THAT(bench.dns.asked(), IsEmpty());
}

TEST(Connection, NamesArePrefetchedWithoutWaiting) {
    Bench bench;
    bench.dns.ptr(kReverse, {"out.sender.example"}).a("out.sender.example", {"198.51.100.7"});
    dns::Inquiry inquiry(bench.dns, {});
    check("fcrdns").prepare(ordinary(), bench.tools(inquiry), {});
    EXPECT_EQ(inquiry.asked(), 1U);
    EXPECT_TRUE(client_name_ready(inquiry, ordinary().connection.client));
    EXPECT_EQ(inquiry.asked(), 2U);
}

TEST(Rates, OneMoreThanTheLimitIsRefused) {
    Bench bench;
    const Options two = {{"address", std::int64_t{2}}, {"network", std::int64_t{0}}};
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT(bench.say(check("connection_rate"), ordinary(), two), IsEmpty());
        EXPECT_THAT(bench.say(check("message_rate"), ordinary(), two), IsEmpty());
        EXPECT_THAT(bench.say(check("recipient_rate"), ordinary(), two), IsEmpty());
    }
    EXPECT_THAT(words(bench.say(check("connection_rate"), ordinary(), two)),
                ElementsAre("RATE_EXCEEDED 421 4.7.0"));
    EXPECT_THAT(words(bench.say(check("message_rate"), ordinary(), two)),
                ElementsAre("RATE_EXCEEDED 450 4.7.28"));
    EXPECT_THAT(words(bench.say(check("recipient_rate"), ordinary(), two)),
                ElementsAre("RATE_EXCEEDED 450 4.7.28"));
    Facts other = ordinary();
    other.connection.client = address("198.51.100.8");
    EXPECT_THAT(bench.say(check("connection_rate"), other, two), IsEmpty());
}

TEST(Rates, TheNetworkCountsTogether) {
    Bench bench;
    const Options two = {{"address", std::int64_t{0}}, {"network", std::int64_t{2}}};
    Facts facts = ordinary();
    for (const char* each : {"198.51.100.1", "198.51.100.2"}) {
        facts.connection.client = address(each);
        EXPECT_THAT(bench.say(check("connection_rate"), facts, two), IsEmpty());
    }
    facts.connection.client = address("198.51.100.3");
    EXPECT_THAT(bench.say(check("connection_rate"), facts, two), testing::SizeIs(1));
    facts.connection.client = address("198.51.101.3");
    EXPECT_THAT(bench.say(check("connection_rate"), facts, two), IsEmpty());
}

TEST(Bans, HoldUntilTheirEnd) {
    Bench bench;
    const Check& banned = check("banned");
    Options options;
    for (const OptionKind& each : banned.options) {
        options.emplace(std::string(each.key), each.standard);
    }
    const state::Bans bans(bench.state, ban_settings(options));
    EXPECT_THAT(bench.say(banned, ordinary()), IsEmpty());
    ASSERT_TRUE(bans.offend(ordinary().connection.client, 20, "tests", bench.now));
    EXPECT_THAT(words(bench.say(banned, ordinary())), ElementsAre("CLIENT_BANNED 421 4.7.0"));
    bench.now += 3601;
    EXPECT_THAT(bench.say(banned, ordinary()), IsEmpty());
}

}  // namespace
}  // namespace postern::checks::tests
