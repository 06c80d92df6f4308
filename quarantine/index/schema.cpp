#include "quarantine/index/schema.hpp"

#include <array>
#include <span>
#include <string>

#include "quarantine/index/database.hpp"

namespace postern::quarantine {
namespace {

// "PSTN": tells file(1), and us, whose file it is.
constexpr const char* kApplicationId = "1347638350";

// Statements are never edited once released: a change is one more list and one more version.
constexpr std::array kVersion1 = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('change', 0), ('forgotten', 0), ('swept', 0), ('full_text', 0)",

    // What a list page needs; the bulky rest is in `contents`, so that lists read few pages.
    "CREATE TABLE records("
    " n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, received INTEGER NOT NULL,"
    " client_ip TEXT NOT NULL, client_name TEXT, helo TEXT NOT NULL, reverse_path TEXT NOT NULL,"
    " subject TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT NOT NULL,"
    " size INTEGER NOT NULL, sha256 TEXT NOT NULL, class TEXT NOT NULL, action TEXT NOT NULL,"
    " score REAL NOT NULL, reasons TEXT NOT NULL, eight_bit INTEGER NOT NULL,"
    " smtputf8 INTEGER NOT NULL, status TEXT NOT NULL, changed INTEGER NOT NULL)",
    "CREATE INDEX records_time ON records(received)",
    "CREATE INDEX records_class ON records(class, received)",
    "CREATE INDEX records_status ON records(status, class, size)",
    "CREATE INDEX records_sha256 ON records(sha256)",
    "CREATE INDEX records_changed ON records(changed)",

    "CREATE TABLE contents(record INTEGER PRIMARY KEY REFERENCES records(n) ON DELETE CASCADE,"
    " headers TEXT NOT NULL, preview TEXT NOT NULL, report TEXT NOT NULL)",

    "CREATE TABLE recipients(record INTEGER NOT NULL REFERENCES records(n) ON DELETE CASCADE,"
    " place INTEGER NOT NULL, forward_path TEXT NOT NULL, state TEXT NOT NULL,"
    " detail TEXT NOT NULL, changed INTEGER NOT NULL,"
    " PRIMARY KEY(record, forward_path)) WITHOUT ROWID",

    "CREATE TABLE outbox(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " record INTEGER NOT NULL REFERENCES records(n) ON DELETE CASCADE,"
    " forward_path TEXT NOT NULL, state TEXT NOT NULL, confirmed INTEGER NOT NULL,"
    " confirmed_detail TEXT NOT NULL, requested_by TEXT NOT NULL, requested INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, due INTEGER NOT NULL, detail TEXT NOT NULL,"
    " lease TEXT NOT NULL, lease_until INTEGER NOT NULL)",
    "CREATE INDEX outbox_due ON outbox(state, due)",
    // The database itself refuses to owe the same delivery twice.
    "CREATE UNIQUE INDEX outbox_once ON outbox(record, forward_path)"
    " WHERE state IN ('due', 'claimed', 'needs-confirmation')",
    "CREATE INDEX outbox_record ON outbox(record)",

    "CREATE TABLE audit(n INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
    " who TEXT NOT NULL, remote TEXT NOT NULL, act TEXT NOT NULL, id TEXT, detail TEXT NOT NULL)",
    "CREATE INDEX audit_id ON audit(id)",
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",

    "CREATE TABLE users(n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,"
    " role TEXT NOT NULL, disabled INTEGER NOT NULL, created INTEGER NOT NULL,"
    " password_changed INTEGER NOT NULL, last_login INTEGER)",
    "CREATE TABLE sessions(token TEXT PRIMARY KEY,"
    " user INTEGER NOT NULL REFERENCES users(n) ON DELETE CASCADE, created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, remote TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX sessions_user ON sessions(user, created)",
    "CREATE TABLE failures(subject TEXT PRIMARY KEY, count INTEGER NOT NULL,"
    " since INTEGER NOT NULL) WITHOUT ROWID",
};

constexpr std::array kVersion2 = {
    // closed: end of the period, 0 while it is open.
    "CREATE TABLE tallies(closed INTEGER NOT NULL, begun INTEGER NOT NULL,"
    " subject TEXT NOT NULL, row TEXT NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY(closed, subject, row)) WITHOUT ROWID",
};

constexpr std::array kVersion3 = {
    // The newest look at a message after the one under which it is held.
    "CREATE TABLE rescans(record INTEGER PRIMARY KEY REFERENCES records(n) ON DELETE CASCADE,"
    " time INTEGER NOT NULL, who TEXT NOT NULL, class TEXT NOT NULL, action TEXT NOT NULL,"
    " score REAL NOT NULL, reasons TEXT NOT NULL, report TEXT NOT NULL)",
    "CREATE TABLE rescan_wishes(record INTEGER PRIMARY KEY REFERENCES records(n) ON DELETE CASCADE,"
    " asked INTEGER NOT NULL, who TEXT NOT NULL, remote TEXT NOT NULL,"
    " lease_until INTEGER NOT NULL)",
    // Lines of the audit log from before this moment have had their time.
    "INSERT OR IGNORE INTO meta VALUES ('audit_from', 0)",
    "DROP TRIGGER audit_no_delete",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
    " WHEN OLD.time >= (SELECT value FROM meta WHERE name = 'audit_from')"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
};

constexpr std::array kVersion4 = {
    // What others report of our domains. sender: proven by DMARC, '' if nobody is.
    "CREATE TABLE dmarc_reports(n INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL,"
    " message TEXT NOT NULL, sender TEXT NOT NULL, reporter TEXT NOT NULL, contact TEXT NOT NULL,"
    " id TEXT NOT NULL, domain TEXT NOT NULL, policy TEXT NOT NULL, begun INTEGER NOT NULL,"
    " ended INTEGER NOT NULL, left_out INTEGER NOT NULL, UNIQUE(reporter, id, domain, sender))",
    "CREATE INDEX dmarc_reports_received ON dmarc_reports(received)",
    "CREATE INDEX dmarc_reports_ended ON dmarc_reports(ended)",
    "CREATE INDEX dmarc_reports_unproven ON dmarc_reports(received) WHERE sender = ''",
    "CREATE TABLE dmarc_rows(report INTEGER NOT NULL REFERENCES dmarc_reports(n),"
    " place INTEGER NOT NULL, source_ip TEXT NOT NULL, count INTEGER NOT NULL,"
    " disposition TEXT NOT NULL, reason TEXT NOT NULL, spf_aligned INTEGER NOT NULL,"
    " dkim_aligned INTEGER NOT NULL, header_from TEXT NOT NULL, envelope_from TEXT NOT NULL,"
    " spf TEXT NOT NULL, dkim TEXT NOT NULL, PRIMARY KEY(report, place)) WITHOUT ROWID",
    // How many rows there are, each report counting as one more.
    "INSERT INTO meta VALUES ('dmarc_rows', 0)",
};

constexpr const char* kWordIndex =
    "CREATE VIRTUAL TABLE words USING fts5(subject, sender, recipients, prefix = '2 3',"
    " tokenize = 'unicode61 remove_diacritics 2')";

// WAL is a property of the file: readers and one writer do not block each other.
bool use_wal(Connection& connection) {
    const Rows rows = connection.run("PRAGMA journal_mode=WAL");
    return connection.ok() && rows.size() == 1 && rows.front().text(0) == "wal";
}

void make(Connection& connection, bool full_text) {
    for (const char* statement : kVersion1) connection.run(statement);
    connection.run(std::string("PRAGMA application_id=") + kApplicationId);
    if (!full_text || !connection.ok()) return;
    connection.run(kWordIndex);
    connection.run("UPDATE meta SET value = 1 WHERE name = 'full_text'");
}

StoreError failure_of(const Connection& connection) {
    return connection.failure().value_or(
        StoreError{StoreErrorKind::Io, "database: cannot use write-ahead logging here"});
}

}  // namespace

Outcome<bool, StoreError> migrate(Connection& connection, bool full_text) {
    if (!use_wal(connection)) return Failure{failure_of(connection)};
    const bool has_fts5 =
        connection.integer("SELECT sqlite_compileoption_used('ENABLE_FTS5')") != 0;
    connection.run("BEGIN IMMEDIATE");
    const std::int64_t version = connection.integer("PRAGMA user_version");
    if (version > kSchemaVersion) {
        connection.run("ROLLBACK");
        return Failure{
            StoreError{StoreErrorKind::Invalid, "database was made by a newer version of postern"}};
    }
    if (version == 0) make(connection, full_text && has_fts5);
    if (version < 2) {
        for (const char* statement : kVersion2) connection.run(statement);
    }
    if (version < 3) {
        for (const char* statement : kVersion3) connection.run(statement);
    }
    if (version < 4) {
        for (const char* statement : kVersion4) connection.run(statement);
    }
    connection.run("PRAGMA user_version=" + std::to_string(kSchemaVersion));
    connection.run("COMMIT");
    const bool words = connection.integer("SELECT value FROM meta WHERE name = 'full_text'") != 0;
    if (!connection.ok()) return Failure{failure_of(connection)};
    return words;
}

}  // namespace postern::quarantine
