#pragma once

/// @file The one thread of this process that changes a state file. Private to gateway/state.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/state/sqlite/entries.hpp"
#include "gateway/state/sqlite/file.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct SqliteSettings {
    std::string path;
    std::uint64_t max_bytes = std::uint64_t{256} << 20;  ///< of the file, without its log
    std::chrono::milliseconds timeout{5000};             ///< of one call
    bool may_replace = true;                             ///< a damaged file
};

/// Callers queue their changes; whatever waits is committed in one transaction, and a caller has
/// its answer when it is. Entries that have ended are deleted a few with each commit, and in idle
/// time. Beyond `max_bytes` the kind of entries that takes most room gives up those that end first.
class SqliteWriter {
public:
    static constexpr std::size_t kMaxQueue = 8192;    ///< changes that wait; beyond it they fail
    static constexpr std::size_t kMaxBatch = 512;     ///< changes of one transaction
    static constexpr std::size_t kPruneAtOnce = 256;  ///< deletions in idle time, each second

    /// May be called twice for one change: when the file proves damaged and is begun anew.
    using Work = std::function<void(SqliteEntries&, std::int64_t now)>;

    SqliteWriter(const SqliteSettings& settings, Clock clock, AlarmSink alarm);
    ~SqliteWriter();
    SqliteWriter(const SqliteWriter&) = delete;
    SqliteWriter& operator=(const SqliteWriter&) = delete;

    /// Opens the file and starts the thread.
    [[nodiscard]] std::optional<SqliteError> start();

    /// nullopt: `work` was done and is committed. A failure says nothing about that.
    [[nodiscard]] std::optional<SqliteError> perform(Work work);
    /// Has the file looked at for damage, and replaced if it has any.
    [[nodiscard]] std::optional<SqliteError> examine();

    [[nodiscard]] const FileSettings& file() const { return file_; }
    /// Changes whenever the path names another file.
    [[nodiscard]] std::uint64_t generation() const { return generation_.load(); }
    /// Entries, bytes and evicted.
    [[nodiscard]] Figures figures() const;

private:
    struct Job;
    using Batch = std::deque<std::shared_ptr<Job>>;

    void run();
    Batch take(bool& ending);
    void commit(const Batch& batch);
    bool try_commit(const Batch& batch, SqliteError& failure);
    void tidy();
    void make_room(std::size_t most);
    void measure();
    bool have_file(SqliteError& failure);
    void adopt(OpenedFile opened);
    void mend(const SqliteError& failure);
    void tell(Alarm::Kind kind, const std::string& sentence);

    const SqliteSettings settings_;
    const FileSettings file_;
    const Clock clock_;
    const AlarmSink alarm_;

    // Of the writing thread alone, once it runs.
    std::unique_ptr<SqliteEntries> entries_;
    FileIdentity identity_;
    bool over_ = false;  // the file is larger than it may be
    std::uint64_t commits_ = 0;
    std::int64_t last_full_alarm_ = 0;
    std::chrono::steady_clock::time_point last_tidy_;

    std::mutex mutex_;
    std::condition_variable wake_;
    Batch queue_;          // guarded by mutex_
    bool ending_ = false;  // likewise

    std::atomic<std::uint64_t> generation_{0};
    std::atomic<std::uint64_t> count_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> evicted_{0};
    std::thread thread_;
};

}  // namespace postern::state
