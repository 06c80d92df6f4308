#include "quarantine/index/records.hpp"

#include <map>

namespace postern::quarantine {
namespace {

// Lists in one column: addresses and codes hold no line feed (insert_record sees to it).
std::string join(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text += '\n';
        for (const char c : part) text += c == '\n' ? ' ' : c;
    }
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

std::string word(std::string_view text) {
    return std::string(text);
}

std::int64_t flag(bool value) {
    return value ? 1 : 0;
}

Recipient recipient_of(const Row& row, std::size_t first) {
    return {row.text(first),
            parse_recipient_state(row.text(first + 1)).value_or(RecipientState::Failed),
            row.text(first + 2), row.integer(first + 3)};
}

// nullopt: the row has no valid id, which only a hand at the database can bring about.
std::optional<Summary> summary_of(const Row& row) {
    auto id = QuarantineId::parse(row.text(1));
    if (!id) return std::nullopt;
    Summary summary{*id};
    summary.received = row.integer(2);
    summary.client_ip = row.text(3);
    if (!row.is_null(4)) summary.client_name = row.text(4);
    summary.helo = row.text(5);
    summary.reverse_path = row.text(6);
    summary.subject = row.text(7);
    summary.from = split(row.text(8));
    summary.message_id = row.text(9);
    summary.size = static_cast<std::uint64_t>(row.integer(10));
    summary.sha256 = row.text(11);
    summary.verdict = parse_class(row.text(12)).value_or(VerdictClass::Unscanned);
    summary.action = parse_action(row.text(13)).value_or(VerdictAction::Quarantine);
    summary.score = row.real(14);
    summary.reasons = split(row.text(15));
    summary.eight_bit = row.integer(16) != 0;
    summary.smtputf8 = row.integer(17) != 0;
    summary.status = parse_status(row.text(18)).value_or(Status::Held);
    summary.changed = row.integer(19);
    return summary;
}

void insert_words(Connection& connection, std::int64_t number, const Summary& s) {
    std::string recipients;
    for (const Recipient& recipient : s.recipients) recipients += recipient.forward_path + "\n";
    connection.run("INSERT INTO words(rowid, subject, sender, recipients) VALUES (?, ?, ?, ?)",
                   {number, s.subject, s.reverse_path + "\n" + join(s.from), recipients});
}

std::optional<Rescan> load_rescan(Connection& connection, std::int64_t number) {
    const Rows rows = connection.run(
        "SELECT time, who, class, action, score, reasons, report FROM rescans WHERE record = ?",
        {number});
    if (rows.empty()) return std::nullopt;
    const Row& row = rows.front();
    return Rescan{row.integer(0),
                  row.text(1),
                  parse_class(row.text(2)).value_or(VerdictClass::Unscanned),
                  parse_action(row.text(3)).value_or(VerdictAction::Quarantine),
                  row.real(4),
                  split(row.text(5)),
                  row.text(6)};
}

}  // namespace

const char* const kSummaryColumns =
    "records.n, id, received, client_ip, client_name, helo, reverse_path, subject, sender, "
    "message_id, size, sha256, class, action, score, reasons, eight_bit, smtputf8, status, changed";

std::int64_t find_record(Connection& connection, const QuarantineId& id) {
    return connection.integer("SELECT n FROM records WHERE id = ?", {id.text()});
}

void insert_record(Connection& connection, const Record& record, bool full_text) {
    const Summary& s = record.summary;
    const Value client_name = s.client_name ? Value(*s.client_name) : Value();
    connection.run(
        "INSERT INTO records(id, received, client_ip, client_name, helo, reverse_path, subject,"
        " sender, message_id, size, sha256, class, action, score, reasons, eight_bit, smtputf8,"
        " status, changed) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        {s.id.text(), s.received, s.client_ip, client_name, s.helo, s.reverse_path, s.subject,
         join(s.from), s.message_id, static_cast<std::int64_t>(s.size), s.sha256,
         word(name(s.verdict)), word(name(s.action)), s.score, join(s.reasons), flag(s.eight_bit),
         flag(s.smtputf8), word(name(Status::Held)), next_change(connection)});
    const std::int64_t number = connection.integer("SELECT last_insert_rowid()");
    connection.run("INSERT INTO contents(record, headers, preview, report) VALUES (?, ?, ?, ?)",
                   {number, record.headers, record.preview, record.report_json});
    std::int64_t place = 0;
    for (const Recipient& recipient : s.recipients) {
        // One mailbox named twice in an envelope gets one copy.
        connection.run("INSERT OR IGNORE INTO recipients VALUES (?, ?, ?, ?, '', ?)",
                       {number, place++, recipient.forward_path, word(name(RecipientState::Held)),
                        s.received});
    }
    if (full_text) insert_words(connection, number, s);
}

std::vector<Recipient> load_recipients(Connection& connection, std::int64_t number) {
    std::vector<Recipient> recipients;
    for (const Row& row : connection.run("SELECT forward_path, state, detail, changed"
                                         " FROM recipients WHERE record = ? ORDER BY place",
                                         {number})) {
        recipients.push_back(recipient_of(row, 0));
    }
    return recipients;
}

std::vector<Summary> load_summaries(Connection& connection, const Rows& rows) {
    std::string marks;
    std::vector<Value> numbers;
    for (const Row& row : rows) {
        marks += marks.empty() ? "?" : ",?";
        numbers.emplace_back(row.integer(0));
    }
    std::map<std::int64_t, std::vector<Recipient>> recipients;
    if (!numbers.empty()) {
        const std::string sql =
            "SELECT record, forward_path, state, detail, changed FROM recipients"
            " WHERE record IN (" +
            marks + ") ORDER BY record, place";
        for (const Row& row : connection.run(sql, numbers)) {
            recipients[row.integer(0)].push_back(recipient_of(row, 1));
        }
    }
    std::vector<Summary> summaries;
    for (const Row& row : rows) {
        auto summary = summary_of(row);
        if (!summary) continue;
        summary->recipients = std::move(recipients[row.integer(0)]);
        summaries.push_back(std::move(*summary));
    }
    return summaries;
}

void touch_record(Connection& connection, std::int64_t number) {
    connection.run("UPDATE records SET changed = ? WHERE n = ?", {next_change(connection), number});
}

void put_rescan(Connection& connection, std::int64_t number, const Rescan& rescan) {
    connection.run(
        "INSERT OR REPLACE INTO rescans(record, time, who, class, action, score, reasons, report)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {number, rescan.time, rescan.who, word(name(rescan.verdict)), word(name(rescan.action)),
         rescan.score, join(rescan.reasons), rescan.report_json});
}

std::optional<Record> load_record(Connection& connection, const QuarantineId& id) {
    const Rows rows = connection.run(
        std::string("SELECT ") + kSummaryColumns +
            ", headers, preview, report FROM records LEFT JOIN contents ON record = records.n"
            " WHERE id = ?",
        {id.text()});
    auto summaries = load_summaries(connection, rows);
    if (summaries.empty()) return std::nullopt;
    return Record{std::move(summaries.front()), rows.front().text(20), rows.front().text(21),
                  rows.front().text(22), load_rescan(connection, rows.front().integer(0))};
}

bool digest_wanted(Connection& connection, std::string_view sha256) {
    return connection.integer(
               "SELECT EXISTS(SELECT 1 FROM records WHERE sha256 = ? AND status <> 'deleted')",
               {std::string(sha256)}) != 0;
}

void set_recipient(Connection& connection, std::int64_t number, const std::string& forward_path,
                   RecipientState state, const std::string& detail, UnixMs now) {
    connection.run(
        "UPDATE recipients SET state = ?, detail = ?, changed = ?"
        " WHERE record = ? AND forward_path = ?",
        {word(name(state)), detail, now, number, forward_path});
}

void refresh_status(Connection& connection, std::int64_t number) {
    const std::int64_t token = next_change(connection);
    connection.run(
        "UPDATE records SET changed = ?1, status = (SELECT CASE"
        " WHEN records.status = 'deleted' THEN 'deleted'"
        " WHEN SUM(state IN ('releasing', 'needs-confirmation')) > 0 THEN 'releasing'"
        " WHEN SUM(state = 'failed') > 0 THEN 'failed'"
        " WHEN SUM(state <> 'delivered') > 0 THEN 'held'"
        " ELSE 'released' END FROM recipients WHERE record = ?2) WHERE n = ?2",
        {token, number});
}

void bury_record(Connection& connection, std::int64_t number, UnixMs now) {
    connection.run("DELETE FROM outbox WHERE record = ? AND state NOT IN ('delivered', 'failed')",
                   {number});
    for (const char* table : {"contents", "rescans", "rescan_wishes"}) {
        connection.run(std::string("DELETE FROM ") + table + " WHERE record = ?", {number});
    }
    connection.run(
        "UPDATE recipients SET state = 'deleted', changed = ? WHERE record = ?"
        " AND state <> 'delivered'",
        {now, number});
    connection.run("UPDATE records SET status = 'deleted', changed = ? WHERE n = ?",
                   {next_change(connection), number});
}

void forget_record(Connection& connection, std::int64_t number, bool full_text) {
    if (full_text) connection.run("DELETE FROM words WHERE rowid = ?", {number});
    connection.run("DELETE FROM records WHERE n = ?", {number});
    connection.run("UPDATE meta SET value = ? WHERE name = 'forgotten'", {next_change(connection)});
}

void append_audit(Connection& connection, UnixMs now, const Actor& who, const std::string& act,
                  const std::string& id, const std::string& detail) {
    connection.run(
        "INSERT INTO audit(time, who, remote, act, id, detail) VALUES (?, ?, ?, ?, ?, ?)",
        {now, who.name, who.remote, act, id.empty() ? Value() : Value(id), detail});
}

}  // namespace postern::quarantine
