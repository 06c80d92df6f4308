#include "quarantine/audit.hpp"

#include "quarantine/index/database.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

class AuditTest : public StoreFixture {
protected:
    std::string acts(const Audit::Query& query) {
        std::string text;
        const auto entries = store->audit().list(query).value();
        for (const AuditEntry& entry : entries) {
            text += (text.empty() ? "" : " ") + entry.act;
        }
        return text;
    }
};

TEST_F(AuditTest, TellsWhoDidWhatToWhichMessageFromWhere) {
    const auto id = put(sample());
    ASSERT_TRUE(store->audit().append(reviewer, "view", id, "preview"));
    now += 5;
    ASSERT_TRUE(store->request_release(id, {"anna@example.org"}, reviewer));
    ASSERT_TRUE(store->outbox().mark_needs_confirmation(
        store->outbox().claim(1, std::chrono::hours(1))->at(0), "URL_LISTED"));
    ASSERT_TRUE(store->request_release(id, {"anna@example.org"}, reviewer, true));
    ASSERT_TRUE(store->outbox().mark_delivered(
        store->outbox().claim(1, std::chrono::hours(1))->at(0), "250 ok"));
    ASSERT_TRUE(store->remove(id, {"otto"}));
    EXPECT_EQ(acts({.id = id}), "delete delivered confirm needs-confirmation release view");
    EXPECT_EQ(acts({.who = "rita"}), "confirm release view");
    EXPECT_EQ(acts({.act = "view"}), "view");
    const auto confirm = store->audit().list({.act = "confirm"})->at(0);
    EXPECT_EQ(confirm.who, reviewer);
    EXPECT_EQ(confirm.time, now.load());
    EXPECT_EQ(confirm.id, id.text());
    EXPECT_EQ(confirm.detail, "anna@example.org: URL_LISTED");
}

TEST_F(AuditTest, PagesBackwards) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(store->audit().append(reviewer, "a" + std::to_string(i), {}, ""));
    }
    const auto first = store->audit().list({.limit = 2}).value();
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].act, "a4");
    EXPECT_EQ(first[0].id, std::nullopt);
    EXPECT_EQ(acts({.before = first[1].number, .limit = 2}), "a2 a1");
}

TEST_F(AuditTest, LinesCanNeitherBeChangedNorRemoved) {
    ASSERT_TRUE(store->audit().append(reviewer, "view", {}, ""));
    const auto database = Database::open(location_in(folder).database, std::chrono::seconds(1),
                                         true, [] { return UnixMs{0}; });
    ASSERT_TRUE(database);
    for (const char* sql : {"UPDATE audit SET who = 'nobody'", "DELETE FROM audit"}) {
        SCOPED_TRACE(sql);
        const auto outcome = (*database)->write([&](Connection& connection) {
            connection.run(sql);
            return Outcome<Done, StoreError>(Done{});
        });
        EXPECT_FALSE(outcome);
    }
    EXPECT_EQ(acts({.who = "rita"}), "view");
}

TEST_F(AuditTest, LinesGoWhenTheirTimeIsOverAndRetentionSaysSo) {
    ASSERT_TRUE(store->audit().append(reviewer, "old", {}, ""));
    now += kDay;
    ASSERT_TRUE(store->audit().append(reviewer, "edge", {}, ""));
    now += kDay;
    ASSERT_TRUE(store->audit().append(reviewer, "young", {}, ""));
    Retention policy;
    EXPECT_EQ(store->retention(policy)->audit_lines, 0U) << "kept for ever unless told otherwise";
    EXPECT_EQ(acts({}), "young edge old");
    policy.keep_audit = std::chrono::hours(24);
    EXPECT_EQ(store->retention(policy)->audit_lines, 1U);
    EXPECT_EQ(acts({}), "prune-audit young edge");
    EXPECT_EQ(store->audit().list({.act = "prune-audit"})->at(0).detail, "1 lines");
    EXPECT_EQ(store->retention(policy)->audit_lines, 0U);
    EXPECT_EQ(acts({}), "prune-audit young edge") << "nothing to do leaves no line";
}

TEST_F(AuditTest, PruningHasABoundPerCall) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(store->audit().append(reviewer, "view", {}, ""));
    now += 2 * kDay;
    Retention policy;
    policy.keep_audit = std::chrono::hours(24);
    policy.max_removed = 3;
    const auto first = store->retention(policy);
    EXPECT_EQ(first->audit_lines, 3U);
    EXPECT_TRUE(first->more);
    const auto second = store->retention(policy);
    EXPECT_EQ(second->audit_lines, 2U);
    EXPECT_FALSE(second->more);
}

}  // namespace
}  // namespace postern::quarantine
