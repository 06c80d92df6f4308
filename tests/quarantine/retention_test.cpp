#include "quarantine/store.hpp"

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using std::chrono::hours;

class RetentionTest : public StoreFixture {
protected:
    QuarantineId received(UnixMs age, VerdictClass verdict = VerdictClass::Malware,
                          const std::string& bytes = std::string(100, 'm')) {
        Record record = sample("s", now - age);
        record.summary.verdict = verdict;
        return put(record, bytes);
    }
    bool is_kept(const QuarantineId& id) { return bytes_of(id) != "(not-found)"; }
};

TEST_F(RetentionTest, RemovesWhatIsOlderThanItsClassAllows) {
    Retention policy;
    policy.keep = hours(24 * 30);
    policy.keep_class[VerdictClass::Spam] = hours(24 * 7);
    const auto at_limit = received(30 * kDay);
    const auto beyond = received(30 * kDay + 1);
    const auto spam_at_limit = received(7 * kDay, VerdictClass::Spam);
    const auto spam_beyond = received(7 * kDay + 1, VerdictClass::Spam);
    const auto result = store->retention(policy);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->removed, 2U);
    EXPECT_FALSE(result->more);
    EXPECT_TRUE(is_kept(at_limit));
    EXPECT_FALSE(is_kept(beyond));
    EXPECT_TRUE(is_kept(spam_at_limit));
    EXPECT_FALSE(is_kept(spam_beyond));
    EXPECT_EQ(summary_of(beyond).status, Status::Deleted);
}

TEST_F(RetentionTest, NeverTouchesWhatIsOwed) {
    const auto owed = received(100 * kDay);
    ASSERT_TRUE(store->request_release(owed, {"anna@example.org"}, reviewer));
    Retention policy;
    policy.max_bytes = 0;
    EXPECT_EQ(store->retention(policy)->removed, 0U);
    ASSERT_TRUE(
        store->outbox().mark_needs_confirmation(store->outbox().claim(1, hours(1))->at(0), "?"));
    EXPECT_EQ(store->retention(policy)->removed, 0U);
    EXPECT_TRUE(is_kept(owed));
}

TEST_F(RetentionTest, RemovesTheOldestUntilTheRestFits) {
    const auto oldest = received(3 * kDay);
    const auto middle = received(2 * kDay);
    const auto newest = received(1 * kDay);
    Retention policy;
    policy.max_bytes = 300;
    EXPECT_EQ(store->retention(policy)->removed, 0U);
    policy.max_bytes = 299;
    EXPECT_EQ(store->retention(policy)->removed, 1U);
    EXPECT_FALSE(is_kept(oldest));
    EXPECT_TRUE(is_kept(middle));
    policy.max_bytes = 100;
    EXPECT_EQ(store->retention(policy)->removed, 1U);
    EXPECT_FALSE(is_kept(middle));
    EXPECT_TRUE(is_kept(newest));
}

TEST_F(RetentionTest, WorksInBoundedSteps) {
    for (int i = 0; i < 5; ++i) received(40 * kDay, VerdictClass::Spam, std::to_string(i));
    Retention policy;
    policy.max_removed = 2;
    EXPECT_TRUE(store->retention(policy)->more);
    EXPECT_TRUE(store->retention(policy)->more);
    const auto last = store->retention(policy);
    EXPECT_EQ(last->removed, 1U);
    EXPECT_FALSE(last->more);
    EXPECT_EQ(blob_count(), 0U);
}

TEST_F(RetentionTest, ForgetsRecordsOfRemovedMailAndSaysSo) {
    const auto id = received(0);
    ASSERT_TRUE(store->remove(id, reviewer));
    Retention policy;
    const std::int64_t token = store->change_token().value_or(0);
    now += 90 * kDay;
    EXPECT_EQ(store->retention(policy)->forgotten, 0U);
    EXPECT_FALSE(store->updates(token)->reset);
    now += 1;
    EXPECT_EQ(store->retention(policy)->forgotten, 1U);
    EXPECT_EQ(kind_of(store->show(id)), "not-found");
    EXPECT_TRUE(store->updates(token)->reset);
    EXPECT_EQ(store->list({.text = "s"})->total, 0U);
    const auto trace = store->audit().list({.id = id});
    EXPECT_EQ(trace->size(), 1U) << "the log outlives the record";
}

}  // namespace
}  // namespace postern::quarantine
