#include "quarantine/store.hpp"

#include <thread>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using std::chrono::minutes;

class ReleaseTest : public StoreFixture {
protected:
    std::vector<Delivery> claim(std::size_t limit = 10) {
        return store->outbox().claim(limit, minutes(5)).value();
    }
    QuarantineId id = QuarantineId::make();
    void SetUp() override {
        StoreFixture::SetUp();
        id = put(sample());
    }
};

TEST_F(ReleaseTest, OwesEachRecipientAndEndsReleased) {
    const auto request = store->request_release(id, {}, reviewer);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->queued, (std::vector<std::string>{"anna@example.org", "ben@example.org"}));
    EXPECT_EQ(summary_of(id).status, Status::Releasing);
    const auto owed = claim();
    ASSERT_EQ(owed.size(), 2U);
    EXPECT_EQ(owed[0].record, id);
    EXPECT_EQ(owed[0].forward_path, "anna@example.org");
    EXPECT_EQ(owed[0].requested_by, "rita");
    EXPECT_EQ(owed[0].attempts, 1U);
    EXPECT_FALSE(owed[0].confirmed);
    ASSERT_TRUE(store->outbox().mark_delivered(owed[0], "250 2.0.0 ok"));
    EXPECT_EQ(states_of(id), "delivered,releasing");
    EXPECT_EQ(summary_of(id).status, Status::Releasing);
    ASSERT_TRUE(store->outbox().mark_delivered(owed[1], "250 2.0.0 ok"));
    EXPECT_EQ(summary_of(id).status, Status::Released);
    EXPECT_EQ(summary_of(id).recipients[0].detail, "250 2.0.0 ok");
    EXPECT_EQ(store->outbox().pending().value_or(9), 0U);
}

TEST_F(ReleaseTest, OfSomeLeavesTheOthersHeld) {
    ASSERT_TRUE(store->request_release(id, {"ben@example.org"}, reviewer));
    EXPECT_EQ(states_of(id), "held,releasing");
    ASSERT_TRUE(store->outbox().mark_delivered(claim().at(0), ""));
    EXPECT_EQ(states_of(id), "held,delivered");
    EXPECT_EQ(summary_of(id).status, Status::Held);
}

TEST_F(ReleaseTest, RefusesStrangersWhole) {
    const auto request =
        store->request_release(id, {"anna@example.org", "eve@example.org"}, reviewer);
    EXPECT_EQ(kind_of(request), "invalid");
    EXPECT_EQ(states_of(id), "held,held");
    EXPECT_TRUE(claim().empty());
}

TEST_F(ReleaseTest, TwiceIsOnce) {
    ASSERT_TRUE(store->request_release(id, {}, reviewer));
    const auto again = store->request_release(id, {}, {"otto"});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->queued.empty());
    EXPECT_EQ(again->unchanged.size(), 2U);
    for (const Delivery& delivery : claim()) {
        ASSERT_TRUE(store->outbox().mark_delivered(delivery, ""));
    }
    EXPECT_TRUE(store->request_release(id, {}, reviewer)->queued.empty());
    EXPECT_TRUE(claim().empty());
}

TEST_F(ReleaseTest, ByManyReviewersAtOnceIsStillOnce) {
    std::atomic<std::size_t> queued{0};
    {
        std::vector<std::jthread> reviewers;
        for (int i = 0; i < 8; ++i) {
            reviewers.emplace_back([&] {
                const auto request = store->request_release(id, {}, reviewer);
                EXPECT_TRUE(request);
                if (request) queued += request->queued.size();
            });
        }
    }
    EXPECT_EQ(queued.load(), 2U);
    EXPECT_EQ(claim(100).size(), 2U);
}

TEST_F(ReleaseTest, ThatFailedMayBeRepeated) {
    ASSERT_TRUE(store->request_release(id, {"anna@example.org"}, reviewer));
    ASSERT_TRUE(store->outbox().mark_failed(claim().at(0), "550 5.1.1 unknown"));
    EXPECT_EQ(states_of(id), "failed,held");
    EXPECT_EQ(summary_of(id).status, Status::Failed);
    const auto again = store->request_release(id, {"anna@example.org"}, reviewer);
    EXPECT_EQ(again->queued.size(), 1U);
    EXPECT_EQ(states_of(id), "releasing,held");
}

TEST_F(ReleaseTest, WaitsForAPersonWhenTheRescanFindsSomething) {
    ASSERT_TRUE(store->request_release(id, {"anna@example.org"}, reviewer));
    ASSERT_TRUE(store->outbox().mark_needs_confirmation(claim().at(0), "AV_MATCH: X"));
    EXPECT_EQ(states_of(id), "needs-confirmation,held");
    EXPECT_EQ(summary_of(id).recipients[0].detail, "AV_MATCH: X");
    EXPECT_EQ(summary_of(id).status, Status::Releasing);
    EXPECT_TRUE(claim().empty());
    // Asking again without the yes changes nothing.
    EXPECT_EQ(store->request_release(id, {"anna@example.org"}, reviewer)->unchanged.size(), 1U);
    EXPECT_TRUE(claim().empty());

    const auto yes = store->request_release(id, {"anna@example.org"}, {"otto"}, true);
    ASSERT_TRUE(yes);
    EXPECT_EQ(yes->confirmed, (std::vector<std::string>{"anna@example.org"}));
    const auto owed = claim();
    ASSERT_EQ(owed.size(), 1U);
    EXPECT_TRUE(owed[0].confirmed);
    EXPECT_EQ(owed[0].confirmed_detail, "AV_MATCH: X");
}

TEST_F(ReleaseTest, AYesInAdvanceConfirmsNothing) {
    ASSERT_TRUE(store->request_release(id, {"anna@example.org"}, reviewer, true));
    EXPECT_FALSE(claim().at(0).confirmed);
}

TEST_F(ReleaseTest, RemovalDropsWhatIsOwedButNotWhatIsOnItsWay) {
    ASSERT_TRUE(store->request_release(id, {}, reviewer));
    const auto owed = claim(1);
    EXPECT_EQ(kind_of(store->remove(id, reviewer)), "conflict");
    EXPECT_NE(bytes_of(id), "(not-found)");
    now += 5 * 60 * 1000;  // the runner is dead: its lease has ended
    EXPECT_EQ(kind_of(store->remove(id, reviewer)), "ok");
    EXPECT_EQ(kind_of(store->outbox().mark_delivered(owed.at(0), "")), "conflict");
    EXPECT_TRUE(claim().empty());
}

TEST_F(ReleaseTest, OneMailboxNamedTwiceGetsOneCopy) {
    Record record = sample();
    record.summary.recipients = {{"anna@example.org"}, {"anna@example.org"}};
    const auto twice = put(record);
    ASSERT_TRUE(store->request_release(twice, {}, reviewer));
    EXPECT_EQ(claim().size(), 1U);
}

}  // namespace
}  // namespace postern::quarantine
