#include "gateway/state/sqlite/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/state/sqlite/entries.hpp"

namespace postern::state {
namespace {

constexpr mode_t kMode = 0660;
constexpr std::int64_t kSchema = 1;
constexpr std::int64_t kApplication = 0x50535431;  // "PST1"

SqliteError system_error(const std::string& what) {
    return {SqliteError::Kind::Other, what + ": " + std::system_category().message(errno)};
}

/// Processes that open or replace one file take turns, or one would move the other's fresh file.
class Turn {
public:
    explicit Turn(const std::string& path)
        : lock_(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode)) {
        while (lock_ && ::flock(lock_.get(), LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    [[nodiscard]] bool ok() const { return static_cast<bool>(lock_); }

private:
    UniqueFd lock_;
};

/// With the rights that we want: SQLite's own would be the umask's.
std::optional<SqliteError> make_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
    if (!file) return system_error("cannot be opened");
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_error("cannot be examined");
    if (!S_ISREG(status.st_mode)) return SqliteError{SqliteError::Kind::Other, "is no file"};
    return std::nullopt;
}

bool move_aside(const std::string& path) {
    const std::string aside = path + ".corrupt";
    if (::rename(path.c_str(), aside.c_str()) != 0 && errno != ENOENT) return false;
    // The log belongs to the file, and would be damage to a fresh one.
    if (::rename((path + "-wal").c_str(), (aside + "-wal").c_str()) != 0) {
        static_cast<void>(::unlink((aside + "-wal").c_str()));
        if (::unlink((path + "-wal").c_str()) != 0 && errno != ENOENT) return false;
    }
    return ::unlink((path + "-shm").c_str()) == 0 || errno == ENOENT;
}

/// NORMAL: what is committed is in the file's log, where no kill can touch it; a power cut may take
/// the last moments, and never more. Counters need no fsync each.
void prepare(SqliteSession& session) {
    session.run("PRAGMA synchronous=NORMAL");
    session.run("PRAGMA wal_autocheckpoint=4000");
    session.run("PRAGMA journal_size_limit=33554432");
    session.run("PRAGMA trusted_schema=OFF");
    session.run("PRAGMA cell_size_check=ON");
}

std::unique_ptr<SqliteSession> set_up(const FileSettings& settings, std::string& wrong) {
    auto session = open_session(settings);
    if (session->text("PRAGMA journal_mode=WAL") != "wal" && session->ok()) {
        wrong = "cannot be used with a write-ahead log";
    }
    if (settings.check && session->ok()) {
        const std::string said = session->text("PRAGMA quick_check(1)");
        if (session->ok() && said != "ok") wrong = "is damaged: " + said;
    }
    const std::int64_t version = session->integer("PRAGMA user_version");
    if (session->ok() && wrong.empty() && version > kSchema) {
        wrong = "was written by a newer version of Postern";
    }
    session->run("BEGIN IMMEDIATE");
    SqliteEntries::make_table(*session);
    if (version == 0) {
        session->run("PRAGMA application_id=" + std::to_string(kApplication));
        session->run("PRAGMA user_version=" + std::to_string(kSchema));
    }
    session->run("COMMIT");
    return session;
}

Outcome<OpenedFile, SqliteError> open_in_turn(const FileSettings& settings, bool may_replace) {
    if (auto wrong = make_file(settings.path)) return Failure{*wrong};
    std::string wrong;
    auto session = set_up(settings, wrong);
    const auto identity = identity_of(settings.path);
    if (!identity) return Failure{system_error("is gone again")};
    const bool damaged =
        (!session->ok() && session->failure()->kind == SqliteError::Kind::Corrupt) ||
        wrong.starts_with("is damaged");
    if (damaged && may_replace) {
        session.reset();
        if (!move_aside(settings.path)) return Failure{system_error("cannot be moved aside")};
        auto fresh = open_in_turn(settings, false);
        if (!fresh) return Failure{fresh.error()};
        OpenedFile opened = std::move(fresh).value();
        opened.replaced = true;
        return opened;
    }
    if (!session->ok()) return Failure{*session->failure()};
    if (!wrong.empty()) {
        return Failure{
            SqliteError{damaged ? SqliteError::Kind::Corrupt : SqliteError::Kind::Other, wrong}};
    }
    return OpenedFile{std::move(session), *identity, false};
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino};
}

std::unique_ptr<SqliteSession> open_session(const FileSettings& settings) {
    auto session = std::make_unique<SqliteSession>(settings.path, settings.busy_timeout);
    prepare(*session);
    return session;
}

Outcome<OpenedFile, SqliteError> open_file(const FileSettings& settings) {
    const Turn turn(settings.path);
    if (!turn.ok()) return Failure{system_error("the lock file beside it cannot be opened")};
    return open_in_turn(settings, settings.may_replace);
}

Outcome<OpenedFile, SqliteError> replace_file(const FileSettings& settings,
                                              const FileIdentity& damaged) {
    const Turn turn(settings.path);
    if (!turn.ok()) return Failure{system_error("the lock file beside it cannot be opened")};
    if (!settings.may_replace)
        return Failure{SqliteError{SqliteError::Kind::Corrupt, "is damaged"}};
    const bool still_there = identity_of(settings.path) == damaged;
    if (still_there && !move_aside(settings.path)) {
        return Failure{system_error("cannot be moved aside")};
    }
    auto fresh = open_in_turn(settings, true);
    if (!fresh) return Failure{fresh.error()};
    OpenedFile opened = std::move(fresh).value();
    opened.replaced = opened.replaced || still_there;
    return opened;
}

}  // namespace postern::state
