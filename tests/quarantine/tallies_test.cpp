#include "quarantine/tallies.hpp"

#include <sqlite3.h>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

class TalliesTest : public StoreFixture {
protected:
    Tallies& tallies() { return store->tallies(); }
};

TEST_F(TalliesTest, AlikeThingsAreCountedTogetherPeriodByPeriod) {
    EXPECT_EQ(tallies().begun().value_or(-1), 0);
    EXPECT_FALSE(tallies().close(now).value_or(true));  // nothing has begun
    const UnixMs begun = now;
    ASSERT_TRUE(tallies().add({{"a", "x", 2}, {"a", "y", 1}, {"b", "x", 1}}, 100));
    now += 10;
    ASSERT_TRUE(tallies().add({{"a", "x", 3}}, 100));
    EXPECT_EQ(tallies().begun().value_or(-1), begun);
    EXPECT_FALSE(tallies().close(begun - 1).value_or(true));
    ASSERT_TRUE(tallies().close(begun).value_or(false));
    EXPECT_FALSE(tallies().close(begun).value_or(true));  // another process comes too late
    ASSERT_TRUE(tallies().add({{"a", "x", 7}}, 100));
    const std::vector<TallyPeriod> closed = tallies().closed(10).value();
    EXPECT_EQ(closed,
              (std::vector<TallyPeriod>{{begun, begun + 10, "a"}, {begun, begun + 10, "b"}}));
    EXPECT_EQ(tallies().rows(closed[0], 10).value(),
              (std::vector<Tally>{{"a", "x", 5}, {"a", "y", 1}}));
    EXPECT_EQ(tallies().rows(closed[0], 1).value(), (std::vector<Tally>{{"a", "x", 5}}));
    ASSERT_TRUE(tallies().remove(closed[0]));
    EXPECT_EQ(tallies().closed(10).value(), (std::vector<TallyPeriod>{closed[1]}));
    now += 1;
    ASSERT_TRUE(tallies().close(now).value_or(false));
    EXPECT_EQ(tallies().closed(10).value().size(), 2U);
}

TEST_F(TalliesTest, NewRowsAreBoundedInEachPeriod) {
    EXPECT_EQ(tallies().add({{"a", "1", 1}, {"a", "2", 1}, {"a", "3", 5}}, 2).value_or(99), 5U);
    EXPECT_EQ(tallies().add({{"a", "1", 1}, {"a", "4", 1}}, 2).value_or(99), 1U);
    now += 1;
    ASSERT_TRUE(tallies().close(now).value_or(false));
    EXPECT_EQ(tallies().add({{"a", "4", 1}, {"a", "5", 1}}, 2).value_or(99), 0U);
}

TEST_F(TalliesTest, AClockThatWasSetBackEndsNothing) {
    ASSERT_TRUE(tallies().add({{"a", "1", 1}}, 10));
    now -= 1000;
    EXPECT_FALSE(tallies().close(now + 5000).value_or(true));
}

TEST_F(TalliesTest, ADatabaseOfTheFirstVersionGetsThem) {
    const auto id = put(sample());
    store.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(location_in(folder).database.c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw,
                           "DROP TABLE tallies; DROP TABLE rescans;"
                           " DROP TABLE rescan_wishes; DROP TABLE dmarc_rows;"
                           " DROP TABLE dmarc_reports;"
                           " DELETE FROM meta WHERE name = 'dmarc_rows'; PRAGMA user_version=1",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(raw);
    reopen();
    EXPECT_TRUE(tallies().add({{"a", "1", 1}}, 10));
    EXPECT_EQ(summary_of(id).id, id);
}

}  // namespace
}  // namespace postern::quarantine
