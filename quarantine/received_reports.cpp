#include "quarantine/received_reports.hpp"

#include "quarantine/index/database.hpp"

namespace postern::quarantine {
namespace {

using analyzers::DmarcReport;
using analyzers::DmarcReportRow;

std::string text(std::string_view word) {
    return std::string(word);
}

std::string spf_of(const DmarcReportRow& row) {
    return text(word(row.spf)) + (row.spf_domain.empty() ? "" : " " + row.spf_domain);
}

std::string dkim_of(const DmarcReportRow& row) {
    std::string all;
    for (const auto& each : row.dkim) {
        if (!all.empty()) all += ", ";
        all += text(word(each.result)) + " " + each.domain;
        if (!each.selector.empty()) all += "/" + each.selector;
    }
    return all;
}

bool known(Connection& connection, const DmarcReport& report, const std::string& sender) {
    return connection.integer(
               "SELECT COUNT(*) FROM dmarc_reports"
               " WHERE sender = ? AND reporter = ? AND domain = ? AND id = ?",
               {sender, report.reporter, report.domain, report.id}) > 0;
}

/// Counts what goes before it is gone.
void remove(Connection& connection, std::int64_t number) {
    connection.run(
        "UPDATE meta SET value = value - 1 - (SELECT COUNT(*) FROM dmarc_rows WHERE report = ?)"
        " WHERE name = 'dmarc_rows'",
        {number});
    connection.run("DELETE FROM dmarc_rows WHERE report = ?", {number});
    connection.run("DELETE FROM dmarc_reports WHERE n = ?", {number});
}

/// What somebody else sent in the name of a report that is proven now.
void remove_unproven(Connection& connection, const DmarcReport& report) {
    for (const Row& row :
         connection.run("SELECT n FROM dmarc_reports"
                        " WHERE sender = '' AND reporter = ? AND domain = ? AND id = ?",
                        {report.reporter, report.domain, report.id})) {
        remove(connection, row.integer(0));
    }
}

/// False: `wanted` rows do not fit beside what may not go.
bool make_room(Connection& connection, std::uint64_t wanted, std::uint64_t most, bool proven) {
    const auto rows = [&] {
        return static_cast<std::uint64_t>(
            connection.integer("SELECT value FROM meta WHERE name = 'dmarc_rows'"));
    };
    if (wanted > most) return false;
    while (connection.ok() && rows() > most - wanted) {
        const Rows oldest = connection.run(
            "SELECT n FROM dmarc_reports WHERE sender = '' OR ? ORDER BY sender <> '', received, n"
            " LIMIT 1",
            {std::int64_t{proven}});
        if (oldest.empty()) return false;
        remove(connection, oldest.front().integer(0));
    }
    return true;
}

void insert_row(Connection& connection, std::int64_t report, std::int64_t place,
                const DmarcReportRow& row) {
    connection.run(
        "INSERT INTO dmarc_rows(report, place, source_ip, count, disposition, reason, spf_aligned,"
        " dkim_aligned, header_from, envelope_from, spf, dkim)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {report, place, row.source_ip, static_cast<std::int64_t>(row.count),
         text(word(row.disposition)), text(word(row.reason)), std::int64_t{row.spf_aligned},
         std::int64_t{row.dkim_aligned}, row.header_from, row.envelope_from, spf_of(row),
         dkim_of(row)});
}

void insert(Connection& connection, const DmarcReport& report, const ReportOrigin& origin) {
    connection.run(
        "INSERT INTO dmarc_reports(received, message, sender, reporter, contact, id, domain,"
        " policy, begun, ended, left_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {origin.received, origin.message, origin.sender, report.reporter, report.contact, report.id,
         report.domain, text(word(report.policy)), static_cast<std::int64_t>(report.begin * 1000),
         static_cast<std::int64_t>(report.end * 1000), static_cast<std::int64_t>(report.left_out)});
    const std::int64_t number = connection.integer("SELECT last_insert_rowid()");
    std::int64_t place = 0;
    for (const DmarcReportRow& row : report.rows) insert_row(connection, number, place++, row);
    connection.run("UPDATE meta SET value = value + 1 + ? WHERE name = 'dmarc_rows'", {place});
}

/// Selects `columns` of the rows that a query means; ?1 to ?4 are values_of() it.
std::string select_meant(const std::string& columns) {
    return "SELECT " + columns +
           " FROM dmarc_reports JOIN dmarc_rows ON report = n"
           " WHERE (?1 = '' OR domain = ?1) AND ended >= ?2 AND (sender = '') = ?3"
           " AND NOT (?4 AND (spf_aligned OR dkim_aligned))";
}

constexpr const char* kWhatMakesRowsAlike =
    "domain, source_ip, spf_aligned, dkim_aligned, disposition, reason, header_from, envelope_from,"
    " spf, dkim, reporter, sender";
constexpr const char* kAlike = " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12";
constexpr const char* kMessages =
    "COALESCE(SUM(count), 0),"
    " COALESCE(SUM(CASE WHEN spf_aligned OR dkim_aligned THEN count ELSE 0 END), 0)";

/// `failing`: false for what concerns all rows.
std::vector<Value> values_of(const ReportQuery& query, bool failing) {
    return {query.domain, query.since, std::int64_t{query.unauthenticated}, std::int64_t{failing}};
}

std::uint64_t unsigned_of(const Row& row, std::size_t column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

}  // namespace

Outcome<ReportKept, StoreError> ReceivedReports::add(const DmarcReport& report,
                                                     const ReportOrigin& origin,
                                                     std::uint64_t most) {
    const bool proven = !origin.sender.empty();
    return database_.write([&](Connection& connection) -> Outcome<ReportKept, StoreError> {
        if (known(connection, report, origin.sender)) return ReportKept::Known;
        if (proven) remove_unproven(connection, report);
        if (!make_room(connection, report.rows.size() + 1, most, proven)) return ReportKept::NoRoom;
        insert(connection, report, origin);
        return ReportKept::New;
    });
}

Outcome<std::vector<ReportSum>, StoreError> ReceivedReports::sums(const ReportQuery& query) const {
    using Answer = Outcome<std::vector<ReportSum>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        std::vector<ReportSum> found;
        std::vector<Value> values = values_of(query, query.failing);
        values.emplace_back(static_cast<std::int64_t>(query.limit));
        for (const Row& row : connection.run(
                 select_meant(std::string(kWhatMakesRowsAlike) +
                              ", SUM(count), MIN(begun), MAX(ended)") +
                     kAlike +
                     " ORDER BY SUM(count) DESC, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 LIMIT ?5",
                 values)) {
            found.push_back({row.text(0), row.text(1), row.integer(2) != 0, row.integer(3) != 0,
                             row.text(4), row.text(5), row.text(6), row.text(7), row.text(8),
                             row.text(9), row.text(10), row.text(11), unsigned_of(row, 12),
                             row.integer(13), row.integer(14)});
        }
        return found;
    });
}

Outcome<ReportTotals, StoreError> ReceivedReports::totals(const ReportQuery& query) const {
    return database_.read([&](Connection& connection) -> Outcome<ReportTotals, StoreError> {
        const Rows rows = connection.run(
            "SELECT COUNT(*), COALESCE(SUM(sender = ''), 0), COALESCE(SUM(left_out), 0),"
            " COALESCE(SUM(CASE WHEN sender = '' THEN left_out ELSE 0 END), 0)"
            " FROM dmarc_reports WHERE (?1 = '' OR domain = ?1) AND ended >= ?2",
            {query.domain, query.since});
        ReportTotals totals;
        if (rows.empty()) return totals;
        totals.reports = unsigned_of(rows.front(), 0);
        totals.unauthenticated = unsigned_of(rows.front(), 1);
        totals.left_out = unsigned_of(rows.front(), 2);
        totals.unauthenticated_left_out = unsigned_of(rows.front(), 3);
        totals.rows = static_cast<std::uint64_t>(
            connection.integer("SELECT value FROM meta WHERE name = 'dmarc_rows'"));
        return totals;
    });
}

Outcome<ReportOverview, StoreError> ReceivedReports::overview(const ReportQuery& query,
                                                              std::size_t most_domains) const {
    return database_.read([&](Connection& connection) -> Outcome<ReportOverview, StoreError> {
        ReportOverview found;
        std::vector<Value> values = values_of(query, false);
        for (const Row& row : connection.run(
                 select_meant(std::string(kMessages) + ", COUNT(DISTINCT domain)"), values)) {
            found.count = unsigned_of(row, 0);
            found.aligned = unsigned_of(row, 1);
            found.domains = unsigned_of(row, 2);
        }
        // Grouped as sums() groups: SQLite takes twice as long for DISTINCT.
        found.sums = static_cast<std::uint64_t>(connection.integer(
            "SELECT COUNT(*) FROM (" + select_meant(kWhatMakesRowsAlike) + kAlike + ")",
            values_of(query, query.failing)));
        values.emplace_back(static_cast<std::int64_t>(most_domains));
        for (const Row& row : connection.run(
                 select_meant("domain, " + std::string(kMessages) + ", COUNT(DISTINCT source_ip)") +
                     " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?5",
                 values)) {
            found.largest.push_back(
                {row.text(0), unsigned_of(row, 1), unsigned_of(row, 2), unsigned_of(row, 3)});
        }
        return found;
    });
}

Outcome<std::uint64_t, StoreError> ReceivedReports::forget(UnixMs before) {
    return database_.write([&](Connection& connection) -> Outcome<std::uint64_t, StoreError> {
        const Rows old = connection.run("SELECT n FROM dmarc_reports WHERE received < ?", {before});
        for (const Row& row : old) remove(connection, row.integer(0));
        return old.size();
    });
}

}  // namespace postern::quarantine
