#include "quarantine/rescans.hpp"

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using std::chrono::minutes;

Rescan found(VerdictClass verdict, double score) {
    Rescan rescan;
    rescan.verdict = verdict;
    rescan.action = VerdictAction::Deliver;
    rescan.score = score;
    rescan.reasons = {"URL_LISTED", "AV_MATCH"};
    rescan.report_json = R"({"schema":"postern.scan/1","new":true})";
    return rescan;
}

class RescansTest : public StoreFixture {
protected:
    Rescans& rescans() { return store->rescans(); }
    std::vector<std::string> audited(const QuarantineId& of) {
        Audit::Query query;
        query.id = of;
        query.act = "rescan";
        std::vector<std::string> lines;
        const auto entries = store->audit().list(query);
        EXPECT_TRUE(entries);
        if (!entries) return lines;
        for (const AuditEntry& entry : *entries)
            lines.push_back(entry.who.name + ": " + entry.detail);
        return lines;
    }
    QuarantineId id = QuarantineId::make();
    void SetUp() override {
        StoreFixture::SetUp();
        id = put(sample());
    }
};

TEST_F(RescansTest, TheNewestLookStandsBesideTheRecordWhichStaysAsItWas) {
    const Record before = store->show(id).value();
    EXPECT_FALSE(before.rescan);
    now += 1000;
    ASSERT_TRUE(rescans().keep(id, found(VerdictClass::Spam, 9), {"otto"}));
    now += 1000;
    ASSERT_TRUE(rescans().keep(id, found(VerdictClass::Clean, 0.5), reviewer));
    const Record after = store->show(id).value();
    Rescan wanted = found(VerdictClass::Clean, 0.5);
    wanted.time = now;
    wanted.who = "rita";
    EXPECT_EQ(after.rescan, wanted);
    EXPECT_GT(after.summary.changed, before.summary.changed);
    Record rest = after;
    rest.rescan.reset();
    rest.summary.changed = before.summary.changed;
    EXPECT_EQ(rest, before);
    EXPECT_EQ(audited(id), (std::vector<std::string>{"rita: clean, deliver, score 0.5",
                                                     "otto: spam, deliver, score 9"}));
}

TEST_F(RescansTest, SurvivesARestart) {
    ASSERT_TRUE(rescans().keep(id, found(VerdictClass::Spam, 9), reviewer));
    ASSERT_TRUE(rescans().ask(id, reviewer));
    const Record before = store->show(id).value();
    reopen();
    EXPECT_EQ(store->show(id).value(), before);
    EXPECT_TRUE(rescans().asked(id).value_or(false));
}

TEST_F(RescansTest, GoesWithTheContentOfAMessage) {
    ASSERT_TRUE(rescans().keep(id, found(VerdictClass::Spam, 9), reviewer));
    ASSERT_TRUE(rescans().ask(id, reviewer));
    ASSERT_TRUE(store->remove(id, reviewer));
    EXPECT_FALSE(store->show(id).value().rescan);
    EXPECT_FALSE(rescans().asked(id).value_or(true));
    EXPECT_EQ(rescans().claim(minutes(1)).value(), std::nullopt);
    EXPECT_EQ(kind_of(rescans().keep(id, found(VerdictClass::Spam, 9), reviewer)), "conflict");
    EXPECT_EQ(kind_of(rescans().ask(id, reviewer)), "conflict");
}

TEST_F(RescansTest, OfWhatIsNotHereIsNotFound) {
    const QuarantineId stranger = QuarantineId::make();
    EXPECT_EQ(kind_of(rescans().keep(stranger, found(VerdictClass::Spam, 9), reviewer)),
              "not-found");
    EXPECT_EQ(kind_of(rescans().ask(stranger, reviewer)), "not-found");
    EXPECT_FALSE(rescans().asked(stranger).value_or(true));
}

TEST_F(RescansTest, TheReportHasTheLimitOfTheFirstOne) {
    Rescan rescan = found(VerdictClass::Spam, 9);
    rescan.report_json.assign(kMaxReportJson, 'x');
    EXPECT_TRUE(rescans().keep(id, rescan, reviewer));
    rescan.report_json += 'x';
    EXPECT_EQ(kind_of(rescans().keep(id, rescan, reviewer)), "invalid");
}

TEST_F(RescansTest, AWishIsTakenOnceUntilItsLeaseEnds) {
    EXPECT_TRUE(rescans().ask(id, reviewer).value_or(false));
    EXPECT_FALSE(rescans().ask(id, {"otto"}).value_or(true));
    const RescanWish wish{id, reviewer};
    EXPECT_EQ(rescans().claim(minutes(1)).value(), wish);
    EXPECT_EQ(rescans().claim(minutes(1)).value(), std::nullopt);
    EXPECT_TRUE(rescans().asked(id).value_or(false));
    now += 60'000 - 1;
    EXPECT_EQ(rescans().claim(minutes(1)).value(), std::nullopt);
    now += 1;
    EXPECT_EQ(rescans().claim(minutes(1)).value(), wish);
}

TEST_F(RescansTest, WishesAreTakenInTheirOrder) {
    const QuarantineId second = put(sample());
    ASSERT_TRUE(rescans().ask(second, reviewer));
    now += 1;
    ASSERT_TRUE(rescans().ask(id, reviewer));
    EXPECT_EQ(rescans().claim(minutes(1)).value()->record, second);
    EXPECT_EQ(rescans().claim(minutes(1)).value()->record, id);
}

TEST_F(RescansTest, AWishEndsByALookOrByBeingDropped) {
    ASSERT_TRUE(rescans().ask(id, reviewer));
    ASSERT_TRUE(rescans().keep(id, found(VerdictClass::Spam, 9), {"cli"}));
    EXPECT_FALSE(rescans().asked(id).value_or(true));
    ASSERT_TRUE(rescans().ask(id, reviewer));
    ASSERT_TRUE(rescans().drop({id, reviewer}, "its bytes are damaged"));
    EXPECT_FALSE(rescans().asked(id).value_or(true));
    EXPECT_EQ(audited(id).front(), "rita: not done: its bytes are damaged");
    const std::size_t lines = audited(id).size();
    ASSERT_TRUE(rescans().drop({id, reviewer}, "again"));
    EXPECT_EQ(audited(id).size(), lines);
}

}  // namespace
}  // namespace postern::quarantine
