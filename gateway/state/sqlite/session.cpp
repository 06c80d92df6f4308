#include "gateway/state/sqlite/session.hpp"

#include <sqlite3.h>

namespace postern::state {

struct SqliteSession::Handle {
    sqlite3* database = nullptr;
};
struct SqliteStatement::Handle {
    sqlite3_stmt* statement = nullptr;
};

SqliteSession::SqliteSession(const std::string& path, std::chrono::milliseconds busy_timeout)
    : handle_(std::make_unique<Handle>()) {
    note(::sqlite3_open_v2(path.c_str(), &handle_->database,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                           nullptr));
    if (!ok()) return;
    ::sqlite3_busy_timeout(handle_->database, static_cast<int>(busy_timeout.count()));
    ::sqlite3_extended_result_codes(handle_->database, 1);
}

SqliteSession::~SqliteSession() {
    ::sqlite3_close_v2(handle_->database);
}

void SqliteSession::note(int code) {
    if (failure_ || code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    SqliteError::Kind kind = SqliteError::Kind::Other;
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            kind = SqliteError::Kind::Busy;
            break;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            kind = SqliteError::Kind::Corrupt;
            break;
        default:
            break;
    }
    failure_ = SqliteError{
        kind, std::string(::sqlite3_errstr(code)) + " (SQLite " + std::to_string(code) + ")"};
}

void SqliteSession::run(const std::string& sql) {
    if (!ok()) return;
    note(::sqlite3_exec(handle_->database, sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t SqliteSession::integer(const std::string& sql) {
    SqliteStatement statement(*this, sql);
    return statement.step() ? statement.integer(0) : 0;
}

std::string SqliteSession::text(const std::string& sql) {
    SqliteStatement statement(*this, sql);
    return statement.step() ? statement.bytes(0) : std::string();
}

SqliteStatement::SqliteStatement(SqliteSession& session, std::string_view sql)
    : session_(session), handle_(std::make_unique<Handle>()) {
    if (!session_.ok()) return;
    session_.note(::sqlite3_prepare_v3(session_.handle_->database, sql.data(),
                                       static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                       &handle_->statement, nullptr));
}

SqliteStatement::~SqliteStatement() {
    ::sqlite3_finalize(handle_->statement);
}

bool SqliteStatement::prepared() const {
    return handle_->statement != nullptr;
}

SqliteStatement& SqliteStatement::bind(int at, std::int64_t value) {
    if (session_.ok()) session_.note(::sqlite3_bind_int64(handle_->statement, at, value));
    return *this;
}

SqliteStatement& SqliteStatement::bind_bytes(int at, std::string_view value) {
    if (!session_.ok()) return *this;
    // A null destructor means that the caller keeps the bytes (SQLITE_STATIC). Without a pointer
    // SQLite would bind NULL, which is not the same as nothing.
    session_.note(value.empty() ? ::sqlite3_bind_zeroblob(handle_->statement, at, 0)
                                : ::sqlite3_bind_blob(handle_->statement, at, value.data(),
                                                      static_cast<int>(value.size()), nullptr));
    return *this;
}

SqliteStatement& SqliteStatement::bind_text(int at, std::string_view value) {
    if (!session_.ok()) return *this;
    session_.note(::sqlite3_bind_text(handle_->statement, at, value.empty() ? "" : value.data(),
                                      static_cast<int>(value.size()), nullptr));
    return *this;
}

bool SqliteStatement::step() {
    if (!session_.ok()) return false;
    const int code = ::sqlite3_step(handle_->statement);
    session_.note(code);
    return code == SQLITE_ROW;
}

std::int64_t SqliteStatement::integer(int column) const {
    return ::sqlite3_column_int64(handle_->statement, column);
}

std::string SqliteStatement::bytes(int column) const {
    const void* start = ::sqlite3_column_blob(handle_->statement, column);
    const int size = ::sqlite3_column_bytes(handle_->statement, column);
    if (start == nullptr || size <= 0) return {};
    return {static_cast<const char*>(start), static_cast<std::size_t>(size)};
}

void SqliteStatement::reset() {
    // The code only repeats what step() has said.
    static_cast<void>(::sqlite3_reset(handle_->statement));
    static_cast<void>(::sqlite3_clear_bindings(handle_->statement));
}

}  // namespace postern::state
