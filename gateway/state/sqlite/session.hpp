#pragma once

/// @file The one adapter to SQLite: a session and its statements. session.cpp is the only file that
/// includes sqlite3.h. Private to gateway/state.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::state {

struct SqliteError {
    enum class Kind : std::uint8_t {
        Busy,     ///< another process holds the lock
        Corrupt,  ///< the file is damaged, or no database at all
        Other,    ///< disk full, no permission, I/O
    };
    Kind kind = Kind::Other;
    std::string detail;
};

/// One session, used by one thread at a time. A failure sticks, as in a stream: what is done later
/// does nothing, so that a transaction reads as straight-line code and is judged once, at its end.
class SqliteSession {
public:
    /// Opens what is at `path`, or makes it. A failure is found by failure().
    SqliteSession(const std::string& path, std::chrono::milliseconds busy_timeout);
    ~SqliteSession();
    SqliteSession(const SqliteSession&) = delete;
    SqliteSession& operator=(const SqliteSession&) = delete;

    /// Statements without values or answers.
    void run(const std::string& sql);
    /// The first column of the first row; 0 or "" when there is none.
    std::int64_t integer(const std::string& sql);
    std::string text(const std::string& sql);

    [[nodiscard]] bool ok() const { return !failure_; }
    [[nodiscard]] const std::optional<SqliteError>& failure() const { return failure_; }
    /// What the caller has found out; kept like a failure of SQLite's.
    void fail(SqliteError failure) {
        if (!failure_) failure_ = std::move(failure);
    }
    void forget_failure() { failure_.reset(); }

private:
    friend class SqliteStatement;
    struct Handle;
    void note(int code);

    std::unique_ptr<Handle> handle_;
    std::optional<SqliteError> failure_;
};

/// A prepared statement: bind from 1, step, read columns from 0, reset. Texts that are bound have
/// to live until reset().
class SqliteStatement {
public:
    SqliteStatement(SqliteSession& session, std::string_view sql);
    ~SqliteStatement();
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    [[nodiscard]] bool prepared() const;
    SqliteStatement& bind(int at, std::int64_t value);
    SqliteStatement& bind_bytes(int at, std::string_view value);
    SqliteStatement& bind_text(int at, std::string_view value);
    /// True: there is a row.
    bool step();
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string bytes(int column) const;
    void reset();

private:
    struct Handle;
    SqliteSession& session_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace postern::state
