#include "quarantine/received_reports.hpp"

#include <sqlite3.h>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using analyzers::DmarcAction;
using analyzers::DmarcAuthResult;
using analyzers::DmarcReport;
using analyzers::DmarcReportRow;

constexpr std::uint64_t kDaySeconds = 24 * 3600;
constexpr std::uint64_t kPlenty = 1000;

DmarcReportRow row(const std::string& source, std::uint64_t count) {
    return {.source_ip = source,
            .count = count,
            .disposition = DmarcAction::Reject,
            .dkim_aligned = false,
            .spf_aligned = true,
            .header_from = "example.org",
            .envelope_from = "bounce.example.org",
            .dkim = {{"example.org", "s1", DmarcAuthResult::Fail},
                     {"other.example", "", DmarcAuthResult::Pass}},
            .spf_domain = "bounce.example.org",
            .spf = DmarcAuthResult::Pass};
}

DmarcReport report(const std::string& id, std::uint64_t day = 10) {
    DmarcReport made{.object = 1,
                     .reporter = "Receiver",
                     .contact = "d@receiver.example",
                     .id = id,
                     .domain = "example.org",
                     .policy = DmarcAction::Reject,
                     .begin = day * kDaySeconds,
                     .end = (day + 1) * kDaySeconds - 1,
                     .left_out = 2,
                     .rows = {row("192.0.2.1", 7), row("192.0.2.2", 1)}};
    return made;
}

class ReceivedReportsTest : public StoreFixture {
protected:
    ReceivedReports& reports() { return store->received_reports(); }
    ReportKept add(const DmarcReport& made, const std::string& sender,
                   std::uint64_t most = kPlenty) {
        return reports().add(made, {now, "01J", sender}, most).value();
    }
    std::vector<ReportSum> sums(const ReportQuery& query = {}) {
        return reports().sums(query).value();
    }
    ReportTotals totals() { return reports().totals({}).value(); }
    std::string senders() {
        std::string all;
        for (const bool unauthenticated : {false, true}) {
            for (const ReportSum& each : sums({.unauthenticated = unauthenticated})) {
                all += each.reporter + "@" + each.sender + " ";
            }
        }
        return all;
    }
};

TEST_F(ReceivedReportsTest, RowsThatAreAlikeAreSummedUpOverReports) {
    ASSERT_EQ(add(report("1", 10), "receiver.example"), ReportKept::New);
    ASSERT_EQ(add(report("2", 11), "receiver.example"), ReportKept::New);
    const std::vector<ReportSum> found = sums();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].domain, "example.org");
    EXPECT_EQ(found[0].source_ip, "192.0.2.1");
    EXPECT_EQ(found[0].count, 14U);
    EXPECT_TRUE(found[0].spf_aligned);
    EXPECT_FALSE(found[0].dkim_aligned);
    EXPECT_EQ(found[0].disposition, "reject");
    EXPECT_EQ(found[0].reason, "none");
    EXPECT_EQ(found[0].spf, "pass bounce.example.org");
    EXPECT_EQ(found[0].dkim, "fail example.org/s1, pass other.example");
    EXPECT_EQ(found[0].header_from, "example.org");
    EXPECT_EQ(found[0].envelope_from, "bounce.example.org");
    EXPECT_EQ(found[0].reporter, "Receiver");
    EXPECT_EQ(found[0].sender, "receiver.example");
    EXPECT_EQ(found[0].begin, 10 * kDay);
    EXPECT_EQ(found[0].end, 12 * kDay - 1000);
    EXPECT_EQ(found[1].count, 2U);
    EXPECT_EQ(sums({.limit = 1}).size(), 1U);
    const ReportTotals all = totals();
    EXPECT_EQ(all.reports, 2U);
    EXPECT_EQ(all.unauthenticated, 0U);
    EXPECT_EQ(all.left_out, 4U);
    EXPECT_EQ(all.rows, 6U);  // two rows and the report, twice
}

TEST_F(ReceivedReportsTest, TheyAreFoundByDomainAndTime) {
    DmarcReport other = report("1");
    other.domain = "other.example";
    ASSERT_EQ(add(report("1"), "receiver.example"), ReportKept::New);
    ASSERT_EQ(add(other, "receiver.example"), ReportKept::New);
    EXPECT_EQ(sums().size(), 4U);
    EXPECT_EQ(sums({.domain = "other.example"}).size(), 2U);
    EXPECT_EQ(sums({.domain = "example.net"}).size(), 0U);
    EXPECT_EQ(sums({.since = 11 * kDay - 1000}).size(), 4U);
    EXPECT_EQ(sums({.since = 11 * kDay - 999}).size(), 0U);
    EXPECT_EQ(reports().totals({.domain = "other.example"}).value().reports, 1U);
    EXPECT_EQ(reports().totals({.since = 11 * kDay}).value().reports, 0U);
}

TEST_F(ReceivedReportsTest, FailingRowsAreThoseThatNothingAligns) {
    DmarcReport mixed = report("1");
    mixed.rows = {row("192.0.2.1", 9), row("192.0.2.2", 8), row("192.0.2.3", 7),
                  row("192.0.2.4", 6)};
    mixed.rows[1].spf_aligned = false;
    mixed.rows[2].dkim_aligned = true;
    mixed.rows[3].spf_aligned = false;
    mixed.rows[3].dkim_aligned = true;
    ASSERT_EQ(add(mixed, "receiver.example"), ReportKept::New);
    const std::vector<ReportSum> failing = sums({.failing = true});
    ASSERT_EQ(failing.size(), 1U);
    EXPECT_EQ(failing[0].source_ip, "192.0.2.2");
}

TEST_F(ReceivedReportsTest, TheOverviewAddsUpWhatALimitCuts) {
    DmarcReport first = report("1");
    first.rows[1].spf_aligned = false;
    DmarcReport large = report("2");
    large.domain = "large.example";
    large.rows = {row("192.0.2.1", 100), row("192.0.2.1", 50), row("192.0.2.3", 20)};
    large.rows[1].spf_aligned = false;
    large.rows[2].spf_aligned = false;
    large.rows[2].dkim_aligned = true;
    ASSERT_EQ(add(first, "receiver.example"), ReportKept::New);
    ASSERT_EQ(add(large, "receiver.example"), ReportKept::New);
    ASSERT_EQ(add(report("3"), ""), ReportKept::New);
    const ReportOverview all = reports().overview({.limit = 1}, 10).value();
    EXPECT_EQ(all.count, 178U);
    EXPECT_EQ(all.aligned, 127U);
    EXPECT_EQ(all.sums, 5U);
    EXPECT_EQ(all.domains, 2U);
    ASSERT_EQ(all.largest.size(), 2U);
    EXPECT_EQ(all.largest[0].domain, "large.example");
    EXPECT_EQ(all.largest[0].count, 170U);
    EXPECT_EQ(all.largest[0].aligned, 120U);
    EXPECT_EQ(all.largest[0].sources, 2U);
    EXPECT_EQ(all.largest[1].domain, "example.org");
    const ReportOverview failing = reports().overview({.failing = true}, 1).value();
    EXPECT_EQ(failing.sums, 2U);
    EXPECT_EQ(failing.count, 178U) << "a share needs all messages";
    EXPECT_EQ(failing.domains, 2U);
    EXPECT_EQ(failing.largest.size(), 1U);
    const ReportOverview one = reports().overview({.domain = "example.org"}, 10).value();
    EXPECT_EQ(one.count, 8U);
    EXPECT_EQ(one.domains, 1U);
    EXPECT_EQ(reports().overview({.unauthenticated = true}, 10).value().count, 8U);
    const ReportOverview none = reports().overview({.since = 12 * kDay}, 10).value();
    EXPECT_EQ(none.count + none.aligned + none.sums + none.domains + none.largest.size(), 0U);
    EXPECT_EQ(totals().left_out, 6U);
    EXPECT_EQ(totals().unauthenticated_left_out, 2U);
}

TEST_F(ReceivedReportsTest, AReportCountsOnce) {
    ASSERT_EQ(add(report("1"), "receiver.example"), ReportKept::New);
    EXPECT_EQ(add(report("1"), "receiver.example"), ReportKept::Known);
    EXPECT_EQ(sums()[0].count, 7U);
    EXPECT_EQ(totals().rows, 3U);
}

TEST_F(ReceivedReportsTest, NobodyTakesThePlaceOfAProvenReport) {
    ASSERT_EQ(add(report("1"), ""), ReportKept::New);  // guessed, and sent before
    EXPECT_EQ(senders(), "Receiver@ Receiver@ ");
    EXPECT_EQ(sums().size(), 0U);  // not shown among the proven ones
    EXPECT_EQ(totals().unauthenticated, 1U);
    ASSERT_EQ(add(report("1"), "other.example"), ReportKept::New);
    ASSERT_EQ(add(report("1"), "receiver.example"), ReportKept::New);
    ASSERT_EQ(add(report("1"), ""), ReportKept::New);
    EXPECT_EQ(add(report("1"), ""), ReportKept::Known);
    EXPECT_EQ(add(report("1"), "receiver.example"), ReportKept::Known);
    EXPECT_EQ(totals().reports, 3U);  // the first, unproven one went
    EXPECT_EQ(totals().rows, 9U);
}

TEST_F(ReceivedReportsTest, TheOldestGiveWayUnprovenOnesFirst) {
    ASSERT_EQ(add(report("old"), "a.example", 9), ReportKept::New);
    now += 1;
    ASSERT_EQ(add(report("unproven"), "", 9), ReportKept::New);
    now += 1;
    ASSERT_EQ(add(report("new"), "b.example", 9), ReportKept::New);
    now += 1;
    EXPECT_EQ(totals().rows, 9U);
    ASSERT_EQ(add(report("newer"), "c.example", 9), ReportKept::New);
    EXPECT_EQ(totals().unauthenticated, 0U);
    EXPECT_EQ(add(report("late"), "", 9), ReportKept::NoRoom);
    EXPECT_EQ(totals().reports, 3U);
    ASSERT_EQ(add(report("newest"), "d.example", 9), ReportKept::New);
    EXPECT_EQ(sums({.limit = 10})[0].sender, "b.example");
    EXPECT_EQ(totals().rows, 9U);
    EXPECT_EQ(add(report("large"), "e.example", 2), ReportKept::NoRoom);
    EXPECT_EQ(totals().reports, 3U);
}

TEST_F(ReceivedReportsTest, OldOnesAreForgotten) {
    ASSERT_EQ(add(report("1"), "receiver.example"), ReportKept::New);
    const UnixMs first = now;
    now += 10;
    ASSERT_EQ(add(report("2"), ""), ReportKept::New);
    EXPECT_EQ(reports().forget(first).value(), 0U);
    EXPECT_EQ(reports().forget(first + 1).value(), 1U);
    EXPECT_EQ(totals().reports, 1U);
    EXPECT_EQ(totals().rows, 3U);
    EXPECT_EQ(reports().forget(now + 1).value(), 1U);
    EXPECT_EQ(totals().rows, 0U);
}

TEST_F(ReceivedReportsTest, TheLargestNumbersAddUp) {
    for (const char* id : {"1", "2"}) {
        DmarcReport large = report(id);
        large.rows = {row("192.0.2.1", analyzers::kMaxDmarcCount)};
        large.left_out = analyzers::kMaxDmarcCount;
        large.end = analyzers::kMaxDmarcTime;
        ASSERT_EQ(add(large, "receiver.example"), ReportKept::New);
    }
    EXPECT_EQ(sums()[0].count, 2 * analyzers::kMaxDmarcCount);
    EXPECT_EQ(totals().left_out, 2 * analyzers::kMaxDmarcCount);
}

TEST_F(ReceivedReportsTest, ADatabaseOfTheThirdVersionGetsThem) {
    const auto id = put(sample());
    ASSERT_TRUE(store->tallies().add({{"a", "1", 1}}, 10));
    store.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(location_in(folder).database.c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw,
                           "DROP TABLE dmarc_rows; DROP TABLE dmarc_reports;"
                           " DELETE FROM meta WHERE name = 'dmarc_rows'; PRAGMA user_version=3",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(raw);
    reopen();
    EXPECT_EQ(add(report("1"), "receiver.example"), ReportKept::New);
    EXPECT_EQ(summary_of(id).id, id);
    reopen();
    EXPECT_EQ(sums().size(), 2U);
}

}  // namespace
}  // namespace postern::quarantine
