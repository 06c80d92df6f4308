#include "gateway/state/sqlite/entries.hpp"

#include <algorithm>
#include <limits>

#include "gateway/state/rules.hpp"

namespace postern::state {
namespace {

constexpr std::int64_t kOverhead = 64;  // of a row and its index, roughly
constexpr std::int64_t kRound = 64;     // so that a counter that grows a digit keeps its size

std::int64_t size_of(std::string_view key, std::string_view value) {
    const auto bytes = static_cast<std::int64_t>(key.size() + value.size()) + kOverhead;
    return (bytes + kRound - 1) / kRound * kRound;
}

/// The first text behind all that begin with `prefix`; empty: there is none.
std::string behind(std::string_view prefix) {
    std::string next(prefix);
    while (!next.empty() && next.back() == '\xff') next.pop_back();
    if (!next.empty()) next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
    return next;
}

}  // namespace

struct SqliteEntries::Kept {
    std::unique_ptr<SqliteStatement> find, look, put, change, remove, first, list, list_all;
};

SqliteEntries::SqliteEntries(std::unique_ptr<SqliteSession> session)
    : session_(std::move(session)), kept_(std::make_unique<Kept>()) {}
SqliteEntries::~SqliteEntries() = default;

void SqliteEntries::make_table(SqliteSession& session) {
    session.run(
        "CREATE TABLE IF NOT EXISTS entries("
        " key BLOB PRIMARY KEY, kind TEXT NOT NULL, ends INTEGER NOT NULL, size INTEGER NOT NULL,"
        " value BLOB NOT NULL) WITHOUT ROWID");
    session.run("CREATE INDEX IF NOT EXISTS entries_by_end ON entries(kind, ends, size)");
}

SqliteStatement& SqliteEntries::statement(std::unique_ptr<SqliteStatement>& kept,
                                          std::string_view sql) {
    // One that could not be prepared must not be kept: it would never work.
    if (!kept || !kept->prepared()) kept = std::make_unique<SqliteStatement>(*session_, sql);
    return *kept;
}

std::optional<std::string> SqliteEntries::find(std::string_view key, std::int64_t now) {
    SqliteStatement& sql =
        statement(kept_->find, "SELECT value FROM entries WHERE key=? AND ends>?");
    std::optional<std::string> value;
    if (sql.bind_bytes(1, key).bind(2, now).step()) value = sql.bytes(0);
    sql.reset();
    return value;
}

std::optional<SqliteEntries::Found> SqliteEntries::look(std::string_view key) {
    SqliteStatement& sql = statement(kept_->look, "SELECT ends, size FROM entries WHERE key=?");
    std::optional<Found> found;
    if (sql.bind_bytes(1, key).step()) found = Found{sql.integer(0), sql.integer(1)};
    sql.reset();
    return found;
}

void SqliteEntries::put(std::string_view key, std::string_view value, std::int64_t ends) {
    const auto older = look(key);
    const std::int64_t size = size_of(key, value);
    SqliteStatement& sql =
        statement(kept_->put,
                  "INSERT INTO entries(key, kind, ends, size, value) VALUES(?,?,?,?,?)"
                  " ON CONFLICT(key) DO UPDATE SET ends=excluded.ends, size=excluded.size,"
                  " value=excluded.value");
    sql.bind_bytes(1, key).bind_text(2, kind_of(key)).bind(3, ends).bind(4, size);
    sql.bind_bytes(5, value).step();
    sql.reset();
    account(key, older ? 0 : 1, size - (older ? older->size : 0));
}

void SqliteEntries::change(std::string_view key, std::string_view value) {
    const auto older = look(key);
    if (!older) return;
    if (older->size != size_of(key, value)) return put(key, value, older->ends);
    SqliteStatement& sql = statement(kept_->change, "UPDATE entries SET value=?2 WHERE key=?1");
    sql.bind_bytes(1, key).bind_bytes(2, value).step();
    sql.reset();
}

bool SqliteEntries::remove(std::string_view key, std::int64_t now) {
    const auto older = look(key);
    if (!older) return false;
    SqliteStatement& sql = statement(kept_->remove, "DELETE FROM entries WHERE key=?");
    sql.bind_bytes(1, key).step();
    sql.reset();
    account(key, -1, -older->size);
    return older->ends > now;
}

std::vector<Entry> SqliteEntries::list(std::string_view prefix, std::int64_t now,
                                       std::size_t most) {
    const std::string end = behind(prefix);
    SqliteStatement& sql = end.empty()
                               ? statement(kept_->list_all,
                                           "SELECT key, value, ends FROM entries"
                                           " WHERE key>=?1 AND ends>?2 LIMIT ?3")
                               : statement(kept_->list,
                                           "SELECT key, value, ends FROM entries"
                                           " WHERE key>=?1 AND key<?4 AND ends>?2 LIMIT ?3");
    sql.bind_bytes(1, prefix).bind(2, now).bind(3, static_cast<std::int64_t>(most));
    if (!end.empty()) sql.bind_bytes(4, end);
    std::vector<Entry> entries;
    while (sql.step()) {
        const std::int64_t left = (sql.integer(2) - now + 999) / 1000;
        entries.push_back({sql.bytes(0), sql.bytes(1), std::chrono::seconds(left)});
    }
    sql.reset();
    return entries;
}

void SqliteEntries::account(std::string_view key, std::int64_t entries, std::int64_t bytes) {
    if (!session_->ok()) return;  // rolled back, and measured anew
    const std::string_view kind = kind_of(key);
    auto found = rooms_.find(kind);
    if (found == rooms_.end()) found = rooms_.emplace(std::string(kind), Room{}).first;
    found->second.entries += entries;
    found->second.bytes += bytes;
}

void SqliteEntries::measure() {
    rooms_.clear();
    SqliteStatement sql(*session_, "SELECT kind, count(*), sum(size) FROM entries GROUP BY kind");
    while (sql.step()) rooms_[sql.bytes(0)] = {sql.integer(1), sql.integer(2)};
}

std::size_t SqliteEntries::delete_first(const std::string& kind, std::int64_t until,
                                        std::size_t most) {
    SqliteStatement& sql = statement(
        kept_->first, "SELECT key FROM entries WHERE kind=? AND ends<=? ORDER BY ends LIMIT ?");
    sql.bind_text(1, kind).bind(2, until).bind(3, static_cast<std::int64_t>(most));
    std::vector<std::string> keys;
    while (sql.step()) keys.push_back(sql.bytes(0));
    sql.reset();
    for (const std::string& key : keys) remove(key, until);
    return keys.size();
}

void SqliteEntries::prune(std::int64_t now, std::size_t most) {
    for (const auto& [kind, room] : rooms_) {
        if (most == 0) return;
        if (room.entries > 0) most -= delete_first(kind, now, most);
    }
}

std::uint64_t SqliteEntries::evict(std::size_t most) {
    const auto largest = std::max_element(
        rooms_.begin(), rooms_.end(),
        [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
    if (largest == rooms_.end()) return 0;
    const std::string kind = largest->first;
    return delete_first(kind, std::numeric_limits<std::int64_t>::max(), most);
}

std::uint64_t SqliteEntries::bytes_in_use() {
    const std::int64_t pages = session_->integer("SELECT * FROM pragma_page_count");
    const std::int64_t free = session_->integer("SELECT * FROM pragma_freelist_count");
    const std::int64_t size = session_->integer("SELECT * FROM pragma_page_size");
    return static_cast<std::uint64_t>(std::max<std::int64_t>(pages - free, 0) * size);
}

std::uint64_t SqliteEntries::count() const {
    std::int64_t sum = 0;
    for (const auto& [kind, room] : rooms_) sum += room.entries;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

}  // namespace postern::state
