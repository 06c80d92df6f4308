#include "quarantine/index/database.hpp"

#include <Poco/Data/RecordSet.h>
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <Poco/Nullable.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "analyzers/base/unique_fd.hpp"
#include "quarantine/files.hpp"
#include "quarantine/index/schema.hpp"

namespace postern::quarantine {
namespace {

constexpr mode_t kDatabaseMode = 0660;
constexpr std::size_t kIdleConnections = 8;

// POCO opens each session in a thread of its default pool, which has 16: more at once would throw.
std::mutex& opening() {
    static std::mutex mutex;
    return mutex;
}

StoreError translate(const Poco::Exception& error) {
    namespace lite = Poco::Data::SQLite;
    StoreErrorKind kind = StoreErrorKind::Io;
    if (dynamic_cast<const lite::DBLockedException*>(&error) ||
        dynamic_cast<const lite::TableLockedException*>(&error)) {
        kind = StoreErrorKind::Busy;
    } else if (dynamic_cast<const lite::DatabaseFullException*>(&error)) {
        kind = StoreErrorKind::Full;
    } else if (dynamic_cast<const lite::CorruptImageException*>(&error)) {
        kind = StoreErrorKind::Corrupt;
    } else if (dynamic_cast<const lite::ConstraintViolationException*>(&error)) {
        kind = StoreErrorKind::Conflict;
    }
    // Not displayText(): for a refused value it would quote the statement.
    return {kind, std::string("database: ") + error.name()};
}

void bind_value(Poco::Data::Statement& statement, const Value& value) {
    namespace keywords = Poco::Data::Keywords;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        statement.addBind(keywords::bind(Poco::Int64{*integer}));
    } else if (const auto* real = std::get_if<double>(&value)) {
        statement.addBind(keywords::bind(*real));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        std::string clean = *text;
        std::erase(clean, '\0');
        statement.addBind(keywords::bind(clean));
    } else {
        statement.addBind(keywords::bind(Poco::Nullable<std::string>()));
    }
}

Rows rows_of(Poco::Data::Statement& statement) {
    Rows rows;
    if (statement.columnsExtracted() == 0) return rows;
    const Poco::Data::RecordSet answer(statement);
    const std::size_t columns = answer.columnCount();
    for (std::size_t r = 0; r < answer.rowCount(); ++r) {
        std::vector<std::optional<std::string>> cells(columns);
        for (std::size_t c = 0; c < columns; ++c) {
            if (answer.isNull(c, r)) continue;
            cells[c] = answer.value(c, r).convert<std::string>();
        }
        rows.emplace_back(std::move(cells));
    }
    return rows;
}

template <class Number>
Number number_from(const std::optional<std::string>& cell) {
    Number number = 0;
    if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
    return number;
}

}  // namespace

std::int64_t Row::integer(std::size_t column) const {
    return number_from<std::int64_t>(cells_.at(column));
}
double Row::real(std::size_t column) const {
    return number_from<double>(cells_.at(column));
}
const std::string& Row::text(std::size_t column) const {
    static const std::string none;
    const auto& cell = cells_.at(column);
    return cell ? *cell : none;
}

struct Connection::Session {
    explicit Session(const std::string& path) : session(Poco::Data::SQLite::Connector::KEY, path) {}
    Poco::Data::Session session;
};

Connection::Connection(const std::string& path, std::chrono::milliseconds busy_timeout) {
    try {
        const std::lock_guard lock(opening());
        Poco::Data::SQLite::Connector::registerConnector();
        session_ = std::make_unique<Session>(path);
    } catch (const Poco::Exception& error) {
        failure_ = translate(error);
        return;
    }
    run("PRAGMA busy_timeout=" + std::to_string(busy_timeout.count()));
    run("PRAGMA synchronous=FULL");
    run("PRAGMA foreign_keys=ON");
    run("PRAGMA journal_size_limit=67108864");
    run("PRAGMA trusted_schema=OFF");
}
Connection::~Connection() = default;

Rows Connection::run(const std::string& sql, const std::vector<Value>& values) {
    if (failure_) return {};
    try {
        Poco::Data::Statement statement(session_->session);
        statement << sql;
        for (const Value& value : values) bind_value(statement, value);
        statement.execute();
        return rows_of(statement);
    } catch (const Poco::Exception& error) {
        failure_ = translate(error);
        return {};
    }
}

std::int64_t Connection::integer(const std::string& sql, const std::vector<Value>& values) {
    const Rows rows = run(sql, values);
    return rows.empty() ? 0 : rows.front().integer(0);
}

std::int64_t Connection::change(const std::string& sql, const std::vector<Value>& values) {
    run(sql, values);
    return integer("SELECT changes()");
}

Database::Database(std::string path, std::chrono::milliseconds busy_timeout, Clock clock)
    : path_(std::move(path)), busy_timeout_(busy_timeout), clock_(std::move(clock)) {}

Outcome<std::unique_ptr<Database>, StoreError> Database::open(
    const std::string& path, std::chrono::milliseconds busy_timeout, bool full_text, Clock clock) {
    const std::string folder = folder_of(path);
    if (auto made = ensure_folders(folder, 02770); !made) return Failure{made.error()};
    // One process at a time makes and migrates. The lock is on the folder: closing a descriptor of
    // the database itself would drop SQLite's own locks in this process.
    const UniqueFd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
        return Failure{system_error("lock " + folder, errno)};
    }
    if (::access(path.c_str(), F_OK) != 0) {
        // SQLite would obey the umask; its -wal and -shm files copy the mode of this one.
        auto file = create_file(path, kDatabaseMode);
        if (!file) return Failure{file.error()};
        auto synced = sync_file(file->get());
        if (synced) synced = sync_folder(folder);
        if (!synced) return Failure{synced.error()};
    }
    std::unique_ptr<Database> database(new Database(path, busy_timeout, std::move(clock)));
    auto connection = database->borrow();
    auto migrated = migrate(*connection, full_text);
    if (!migrated) return Failure{migrated.error()};
    database->full_text_ = *migrated;
    database->give_back(std::move(connection));
    return database;
}

std::unique_ptr<Connection> Database::borrow() {
    {
        const std::lock_guard lock(idle_mutex_);
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    return std::make_unique<Connection>(path_, busy_timeout_);
}

void Database::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(idle_mutex_);
    if (connection->ok() && idle_.size() < kIdleConnections) idle_.push_back(std::move(connection));
}

StoreError Database::give_back_failed(std::unique_ptr<Connection> connection) {
    StoreError error = connection->failure().value_or(StoreError{});
    // A session that failed is closed, which rolls back whatever it had open.
    connection.reset();
    return error;
}

std::int64_t next_change(Connection& connection) {
    connection.run("UPDATE meta SET value = value + 1 WHERE name = 'change'");
    return connection.integer("SELECT value FROM meta WHERE name = 'change'");
}

}  // namespace postern::quarantine
