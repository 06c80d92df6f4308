#include "gateway/reputation/dns_lists.hpp"

#include <gtest/gtest.h>

#include "tests/support/dns/fake_resolver.hpp"

namespace postern::reputation {
namespace {

using dns::RecordType;
using dns::Status;

DnsList list_named(const std::string& name, double score) {
    DnsList list;
    list.name = name;
    list.zone = name + ".example";
    list.subjects = {ListSubject::Client};
    list.codes = {settings::parse_list_code("127.0.0.2-255").value()};
    list.score = score;
    return list;
}

/// Passes the tests of RFC 5782.
void well(tests::FakeResolver& resolver, const std::string& zone) {
    resolver.a("2.0.0.127." + zone, {"127.0.0.2"});
}

class DnsListsTest : public testing::Test {
protected:
    DnsLists make(std::vector<DnsList> lists) {
        return {std::move(lists), resolver_,
                [this](const Alarm& alarm) { alarms_.push_back(alarm); }};
    }
    dns::Inquiry inquiry() { return {resolver_, {}}; }
    ListAnswer ask(const DnsLists& lists) {
        dns::Inquiry asked = inquiry();
        return lists.ask({subject_}, asked);
    }

    tests::FakeResolver resolver_;
    std::vector<Alarm> alarms_;
    Subject subject_{ListSubject::Client, mail::IpAddress::parse("192.0.2.1").value()};
};

TEST_F(DnsListsTest, SumsWhatTheyListAndSaysWhatCouldNotBeTold) {
    for (const char* zone : {"block.example", "allow.example", "dead.example", "none.example"}) {
        well(resolver_, zone);
    }
    resolver_.a("1.2.0.192.block.example", {"127.0.0.4"});
    resolver_.a("1.2.0.192.allow.example", {"127.0.0.5"});
    resolver_.fails("1.2.0.192.dead.example", RecordType::A, Status::Late);
    DnsLists lists = make({list_named("block", 4), list_named("allow", -1.5),
                           list_named("dead", 10), list_named("none", 10)});
    lists.test(std::chrono::seconds(1));
    const ListAnswer answer = ask(lists);
    ASSERT_EQ(answer.listings.size(), 2U);
    EXPECT_EQ(answer.listings[0], (Listing{"block", "192.0.2.1", "127.0.0.4", 4, "", false}));
    EXPECT_EQ(answer.listings[1].list, "allow");
    EXPECT_EQ(answer.weight(), 2.5);
    ASSERT_EQ(answer.unknowns.size(), 1U);
    EXPECT_EQ(answer.unknowns[0].list, "dead");
    const auto figures = lists.figures();
    EXPECT_EQ(figures[0].hits, 1U);
    EXPECT_EQ(figures[2].unknowns, 1U);
    EXPECT_EQ(figures[3].lookups, 1U);
    EXPECT_EQ(figures[3].hits, 0U);
    EXPECT_TRUE(alarms_.empty());
}

TEST_F(DnsListsTest, GivesTheSameAnswerWithoutWaiting) {
    well(resolver_, "block.example");
    DnsList list = list_named("block", 4);
    list.reason = true;
    resolver_.a("1.2.0.192.block.example", {"127.0.0.4"});
    resolver_.txt("1.2.0.192.block.example", {"listed for\nspam"});
    DnsLists lists = make({list});
    lists.test(std::chrono::seconds(1));
    const ListAnswer waited = ask(lists);
    ASSERT_EQ(waited.listings.size(), 1U);
    EXPECT_EQ(waited.listings[0].reason.find('\n'), std::string::npos);
    EXPECT_NE(waited.listings[0].reason.find("listed for"), std::string::npos);
    std::optional<ListAnswer> told;
    lists.ask({subject_}, dns::TimePoint::max(),
              [&](ListAnswer answer) { told = std::move(answer); });
    ASSERT_TRUE(told);
    EXPECT_EQ(*told, waited);
    told.reset();
    lists.ask({}, dns::TimePoint::max(), [&](ListAnswer answer) { told = std::move(answer); });
    EXPECT_TRUE(told) << "also when there is nothing to ask";
}

TEST_F(DnsListsTest, ABadReasonTakesNothingFromAListing) {
    well(resolver_, "block.example");
    DnsList list = list_named("block", 4);
    list.reason = true;
    resolver_.a("1.2.0.192.block.example", {"127.0.0.4"});
    resolver_.fails("1.2.0.192.block.example", RecordType::Txt);
    DnsLists lists = make({list});
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(ask(lists).listings.size(), 1U);
}

TEST_F(DnsListsTest, AListCountsOnlyAfterItsFirstTest) {
    well(resolver_, "block.example");
    resolver_.a("1.2.0.192.block.example", {"127.0.0.4"});
    DnsLists lists = make({list_named("block", 4)});
    const ListAnswer before = ask(lists);
    EXPECT_TRUE(before.listings.empty());
    ASSERT_EQ(before.unknowns.size(), 1U);
    EXPECT_EQ(before.unknowns[0].why, "not tested yet");
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(ask(lists).listings.size(), 1U);
    EXPECT_TRUE(alarms_.empty());
}

TEST_F(DnsListsTest, WithoutTestPointsItCountsAtOnce) {
    resolver_.a("1.2.0.192.block.example", {"127.0.0.4"});
    DnsList list = list_named("block", 4);
    list.test_points = false;
    DnsLists lists = make({list});
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(ask(lists).listings.size(), 1U);
}

// Lists have died by answering every question with a listing; mail servers then refused everything.
TEST_F(DnsListsTest, AListThatBeginsToListEverythingIsSuspendedUntilItIsWellAgain) {
    well(resolver_, "block.example");
    resolver_.a("1.2.0.192.block.example", {"127.0.0.2"});
    DnsLists lists = make({list_named("block", 4)});
    lists.test(std::chrono::seconds(1));
    ASSERT_EQ(ask(lists).listings.size(), 1U);
    resolver_.a("1.0.0.127.block.example", {"127.0.0.2"});
    lists.test(std::chrono::seconds(1));
    const ListAnswer answer = ask(lists);
    EXPECT_TRUE(answer.listings.empty());
    ASSERT_EQ(answer.unknowns.size(), 1U);
    ASSERT_EQ(alarms_.size(), 1U);
    EXPECT_EQ(alarms_[0].list, "block");
    EXPECT_FALSE(alarms_[0].over);
    EXPECT_TRUE(lists.figures()[0].suspended);
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(alarms_.size(), 1U) << "told once";
    dns::Answer gone;
    gone.status = Status::NoName;
    resolver_.put("1.0.0.127.block.example", RecordType::A, gone);
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(ask(lists).listings.size(), 1U);
    ASSERT_EQ(alarms_.size(), 2U);
    EXPECT_TRUE(alarms_[1].over);
}

TEST_F(DnsListsTest, AListThatIsDeadFromTheStartIsUnknownAndAnAlarm) {
    resolver_.fails("2.0.0.127.block.example", RecordType::A);
    DnsLists lists = make({list_named("block", 4)});
    lists.test(std::chrono::seconds(1));
    EXPECT_EQ(alarms_.size(), 1U);
    EXPECT_EQ(ask(lists).unknowns.size(), 1U);
}

TEST_F(DnsListsTest, ManyListingsInARowMakeItASuspect) {
    well(resolver_, "block.example");
    resolver_.a("1.2.0.192.block.example", {"127.0.0.2"});
    DnsLists lists = make({list_named("block", 4)});
    lists.test(std::chrono::seconds(1));
    for (unsigned i = 0; i + 1 < DnsLists::kListedStreak; ++i)
        EXPECT_EQ(ask(lists).listings.size(), 1U);
    resolver_.a("1.0.0.127.block.example", {"127.0.0.2"});
    lists.test_suspects(std::chrono::seconds(1));
    EXPECT_TRUE(alarms_.empty()) << "one short of the streak";
    std::ignore = ask(lists);
    lists.test_suspects(std::chrono::seconds(1));
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(DnsListsTest, ASilentListIsTestedEarlyAndSuspendedAfterTwoSilentTests) {
    well(resolver_, "block.example");
    resolver_.fails("1.2.0.192.block.example", RecordType::A, Status::Late);
    DnsLists lists = make({list_named("block", 4)});
    lists.test(std::chrono::seconds(1));
    resolver_.fails("2.0.0.127.block.example", RecordType::A, Status::Late);
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(alarms_.empty());
        for (unsigned i = 0; i < DnsLists::kUnknownStreak; ++i) std::ignore = ask(lists);
        lists.test_suspects(std::chrono::seconds(1));
    }
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(DnsListsTest, PrefetchedQuestionsAreAskedOnce) {
    well(resolver_, "block.example");
    DnsLists lists = make({list_named("block", 4)});
    lists.test(std::chrono::seconds(1));
    const std::size_t before = resolver_.asked().size();
    dns::Inquiry asked = inquiry();
    lists.prefetch({subject_}, asked);
    EXPECT_EQ(resolver_.asked().size(), before + 1);
    std::ignore = lists.ask({subject_}, asked);
    EXPECT_EQ(resolver_.asked().size(), before + 1);
}

/// Answers only when it is told to.
class HeldResolver final : public dns::Resolver {
public:
    void ask(const dns::Question& question, dns::TimePoint /*deadline*/, Done done) override {
        held.emplace_back(question, std::move(done));
    }
    void answer_all(Status status) {
        for (auto& [question, done] : std::exchange(held, {})) {
            dns::Answer answer;
            answer.status = status;
            done(answer);
        }
    }
    std::vector<std::pair<dns::Question, Done>> held;
};

TEST(DnsListsLate, AnswersMayComeAfterTheListsHaveGone) {
    HeldResolver resolver;
    bool told = false;
    {
        DnsLists lists({list_named("block", 4)}, resolver, {});
        lists.test(std::chrono::seconds(1));
        EXPECT_TRUE(lists.testing());
        lists.test(std::chrono::seconds(1));
        EXPECT_EQ(resolver.held.size(), 3U) << "a test under way is not started again";
        DnsList plain = list_named("other", 1);
        plain.test_points = false;
        DnsLists others({plain}, resolver, {});
        others.ask({{ListSubject::Client, mail::IpAddress::parse("192.0.2.1").value()}},
                   dns::TimePoint::max(), [&](ListAnswer answer) {
                       told = true;
                       EXPECT_EQ(answer.unknowns.size(), 1U);
                   });
        EXPECT_FALSE(told);
    }
    resolver.answer_all(Status::Late);
    EXPECT_TRUE(told);
}

}  // namespace
}  // namespace postern::reputation
