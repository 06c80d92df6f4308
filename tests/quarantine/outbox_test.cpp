#include "quarantine/outbox.hpp"

#include <set>
#include <thread>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class OutboxTest : public StoreFixture {
protected:
    QuarantineId owe() {
        Record record = sample();
        record.summary.recipients = {{"anna@example.org"}};
        const auto id = put(record);
        EXPECT_TRUE(store->request_release(id, {}, reviewer));
        return id;
    }
    std::vector<Delivery> claim(std::size_t limit = 100) {
        return store->outbox().claim(limit, minutes(5)).value();
    }
    void pass(std::chrono::milliseconds time) { now += time.count(); }
};

TEST_F(OutboxTest, AClaimIsExclusiveUntilItsLeaseEnds) {
    owe();
    const Delivery first = claim().at(0);
    EXPECT_EQ(first.state, DeliveryState::Claimed);
    EXPECT_TRUE(claim().empty());
    pass(minutes(5) - std::chrono::milliseconds(1));
    EXPECT_TRUE(claim().empty());
    pass(std::chrono::milliseconds(1));
    const auto second = claim();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].attempts, 2U);
    // The late first runner may not mark what is no longer his.
    EXPECT_EQ(kind_of(store->outbox().mark_delivered(first, "")), "conflict");
    EXPECT_EQ(kind_of(store->outbox().extend(first, minutes(1))), "conflict");
    EXPECT_EQ(kind_of(store->outbox().mark_delivered(second[0], "")), "ok");
    EXPECT_EQ(kind_of(store->outbox().mark_failed(second[0], "")), "conflict");
}

TEST_F(OutboxTest, AnExtendedLeaseLastsLonger) {
    owe();
    const Delivery mine = claim().at(0);
    pass(minutes(4));
    ASSERT_TRUE(store->outbox().extend(mine, minutes(5)));
    pass(minutes(4));
    EXPECT_TRUE(claim().empty());
    pass(minutes(1));
    EXPECT_EQ(claim().size(), 1U);
}

TEST_F(OutboxTest, RetriesAreSpacedAndFlushMakesThemDue) {
    owe();
    EXPECT_EQ(store->outbox().mark_retry(claim().at(0), "451 later").value(), DeliveryState::Due);
    EXPECT_EQ(store->outbox().next_due().value(), now.load() + 60 * 1000);
    EXPECT_TRUE(claim().empty());
    pass(minutes(1));
    EXPECT_EQ(store->outbox().mark_retry(claim().at(0), "451 later").value(), DeliveryState::Due);
    pass(minutes(1));
    EXPECT_TRUE(claim().empty());
    EXPECT_EQ(store->outbox().flush().value_or(9), 1U);
    const Delivery third = claim().at(0);
    EXPECT_EQ(third.attempts, 3U);
    EXPECT_EQ(third.detail, "451 later");
}

TEST_F(OutboxTest, GivesUpInTheEnd) {
    const auto id = owe();
    pass(hours(24 * 5));
    const Delivery last = claim().at(0);
    EXPECT_EQ(store->outbox().mark_retry(last, "451 later").value(), DeliveryState::Failed);
    EXPECT_EQ(summary_of(id).status, Status::Failed);
    EXPECT_TRUE(store->outbox().list(10)->empty());
    EXPECT_EQ(store->outbox().list(10, true)->at(0).state, DeliveryState::Failed);
}

TEST_F(OutboxTest, ListsAndCountsWhatIsOpen) {
    EXPECT_EQ(store->outbox().next_due().value(), std::nullopt);
    owe();
    owe();
    const auto asked = owe();
    const auto all = claim();
    ASSERT_TRUE(store->outbox().mark_delivered(all.at(0), "ok"));
    ASSERT_TRUE(store->outbox().mark_needs_confirmation(all.at(2), "why"));
    EXPECT_EQ(store->outbox().pending().value_or(9), 2U);
    const auto open = store->outbox().list(10).value();
    ASSERT_EQ(open.size(), 2U);
    EXPECT_EQ(open[0].record, asked);
    EXPECT_EQ(open[0].detail, "why");
    EXPECT_EQ(store->outbox().list(10, true)->size(), 3U);
    EXPECT_EQ(store->outbox().list(1)->size(), 1U);
}

TEST_F(OutboxTest, ClaimTakesTheOldestUpToItsLimit) {
    const auto first = owe();
    pass(minutes(1));
    owe();
    const auto one = claim(1);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].record, first);
    EXPECT_TRUE(claim(0).empty());
    EXPECT_EQ(claim(10).size(), 1U);
}

TEST_F(OutboxTest, RunnersAtOnceNeverHoldTheSameItem) {
    for (int i = 0; i < 20; ++i) owe();
    std::mutex mutex;
    std::multiset<std::int64_t> claimed;
    {
        std::vector<std::jthread> runners;
        for (int i = 0; i < 5; ++i) {
            runners.emplace_back([&] {
                for (;;) {
                    const auto items = claim(3);
                    if (items.empty()) return;
                    for (const Delivery& item : items) {
                        EXPECT_TRUE(store->outbox().mark_delivered(item, ""));
                        const std::lock_guard lock(mutex);
                        claimed.insert(item.number);
                    }
                }
            });
        }
    }
    EXPECT_EQ(claimed.size(), 20U);
    EXPECT_EQ(std::set<std::int64_t>(claimed.begin(), claimed.end()).size(), 20U);
}

}  // namespace
}  // namespace postern::quarantine
