#pragma once

/// @file The one adapter to SQLite: sessions, statements, transactions. database.cpp is the only
/// file that includes POCO, and no exception of its leaves it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

/// A value bound to `?`. Text is cut of NUL bytes, which SQLite's functions stop at.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// One row of an answer; columns from 0. A column that is NULL reads as 0 and "".
class Row {
public:
    explicit Row(std::vector<std::optional<std::string>> cells) : cells_(std::move(cells)) {}
    [[nodiscard]] std::int64_t integer(std::size_t column) const;
    [[nodiscard]] double real(std::size_t column) const;
    [[nodiscard]] const std::string& text(std::size_t column) const;
    [[nodiscard]] bool is_null(std::size_t column) const { return !cells_.at(column); }

private:
    std::vector<std::optional<std::string>> cells_;
};
using Rows = std::vector<Row>;

/// One session, used by one thread at a time. A failure sticks, as in a stream: later statements do
/// nothing and answer no rows, so that a transaction reads as straight-line code and is judged
/// once, at its end. Before acting on anything but the database, ask ok().
class Connection {
public:
    Connection(const std::string& path, std::chrono::milliseconds busy_timeout);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    Connection(Connection&&) = delete;
    Connection& operator=(Connection&&) = delete;

    /// Runs one statement with its values.
    Rows run(const std::string& sql, const std::vector<Value>& values = {});
    /// The first column of the first row; 0 when there is none.
    std::int64_t integer(const std::string& sql, const std::vector<Value>& values = {});
    /// Runs one that changes rows; how many it did.
    std::int64_t change(const std::string& sql, const std::vector<Value>& values = {});

    [[nodiscard]] bool ok() const { return !failure_; }
    [[nodiscard]] const std::optional<StoreError>& failure() const { return failure_; }
    void forget_failure() { failure_.reset(); }

private:
    struct Session;
    std::unique_ptr<Session> session_;
    std::optional<StoreError> failure_;
};

/// The database file, shared by threads and processes.
class Database {
public:
    using Clock = std::function<UnixMs()>;

    /// Opens, or makes with mode 0660, and migrates the schema.
    [[nodiscard]] static Outcome<std::unique_ptr<Database>, StoreError> open(
        const std::string& path, std::chrono::milliseconds busy_timeout, bool full_text,
        Clock clock);

    /// Calls body(connection) inside a transaction that sees one state of the database.
    template <class Body>
    auto read(Body body) -> decltype(body(std::declval<Connection&>())) {
        return transact("BEGIN", nullptr, body);
    }
    /// The same in a transaction that holds the write lock of all processes from its beginning. It
    /// is committed, and on the disk, when the answer is a value; else nothing has happened.
    template <class Body>
    auto write(Body body) -> decltype(body(std::declval<Connection&>())) {
        return transact("BEGIN IMMEDIATE", &writer_, body);
    }

    [[nodiscard]] bool full_text() const { return full_text_; }
    [[nodiscard]] UnixMs now() const { return clock_(); }

private:
    Database(std::string path, std::chrono::milliseconds busy_timeout, Clock clock);

    template <class Body>
    auto transact(const char* begin, std::mutex* lock, Body& body)
        -> decltype(body(std::declval<Connection&>())) {
        // Writers of one process queue here instead of polling SQLite's lock.
        const auto held = lock ? std::unique_lock(*lock) : std::unique_lock<std::mutex>();
        auto connection = borrow();
        connection->run(begin);
        if (!connection->ok()) return Failure{give_back_failed(std::move(connection))};
        auto result = body(*connection);
        if (result && connection->ok()) connection->run("COMMIT");
        if (!connection->ok()) return Failure{give_back_failed(std::move(connection))};
        if (!result) connection->run("ROLLBACK");
        give_back(std::move(connection));
        return result;
    }

    std::unique_ptr<Connection> borrow();
    void give_back(std::unique_ptr<Connection> connection);
    StoreError give_back_failed(std::unique_ptr<Connection> connection);

    std::string path_;
    std::chrono::milliseconds busy_timeout_;
    Clock clock_;
    bool full_text_ = false;
    std::mutex writer_;
    std::mutex idle_mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;  // guarded by idle_mutex_
};

/// The next change token; take one for every record that changes.
std::int64_t next_change(Connection& connection);

}  // namespace postern::quarantine
