#pragma once

/// @file The one table, in SQL. Private to gateway/state.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/state/sqlite/session.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

/// The entries of one file through one session, with its statements kept ready. Times are
/// milliseconds since 1970. Failures stick to session().
class SqliteEntries {
public:
    explicit SqliteEntries(std::unique_ptr<SqliteSession> session);
    ~SqliteEntries();
    SqliteEntries(const SqliteEntries&) = delete;
    SqliteEntries& operator=(const SqliteEntries&) = delete;

    [[nodiscard]] SqliteSession& session() { return *session_; }

    /// Empty where there is none, or where it has ended.
    std::optional<std::string> find(std::string_view key, std::int64_t now);
    void put(std::string_view key, std::string_view value, std::int64_t ends);
    /// Of an entry that is there; keeps its end.
    void change(std::string_view key, std::string_view value);
    bool remove(std::string_view key, std::int64_t now);
    std::vector<Entry> list(std::string_view prefix, std::int64_t now, std::size_t most);

    /// Reads what each kind takes; has to be called once before the functions below.
    void measure();
    /// Deletes up to `most` entries that have ended.
    void prune(std::int64_t now, std::size_t most);
    /// Deletes up to `most` entries of the kind that takes most room, those that end first.
    std::uint64_t evict(std::size_t most);
    /// Bytes of the file in use, free pages not counted.
    std::uint64_t bytes_in_use();
    [[nodiscard]] std::uint64_t count() const;

    static void make_table(SqliteSession& session);

private:
    struct Kept;
    struct Room {
        std::int64_t entries = 0;
        std::int64_t bytes = 0;
    };
    struct Found {
        std::int64_t ends;
        std::int64_t size;
    };
    SqliteStatement& statement(std::unique_ptr<SqliteStatement>& kept, std::string_view sql);
    std::optional<Found> look(std::string_view key);
    void account(std::string_view key, std::int64_t entries, std::int64_t bytes);
    std::size_t delete_first(const std::string& kind, std::int64_t until, std::size_t most);

    std::unique_ptr<SqliteSession> session_;
    std::unique_ptr<Kept> kept_;
    std::map<std::string, Room, std::less<>> rooms_;
};

}  // namespace postern::state
