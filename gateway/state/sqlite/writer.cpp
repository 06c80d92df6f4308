#include "gateway/state/sqlite/writer.hpp"

#include <algorithm>

namespace postern::state {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBusyTimeout{2000};
constexpr std::chrono::seconds kTidyEvery{1};
constexpr std::uint64_t kMeasureEvery = 64;     // commits
constexpr std::int64_t kAlarmPause = 60'000;    // ms
constexpr std::size_t kDeletionsPerChange = 2;  // so that what ends never piles up
constexpr std::size_t kDeletionsBeside = 8;

}  // namespace

/// Shared, because the caller gives up at its timeout, and the writing thread may still be at it.
struct SqliteWriter::Job {
    explicit Job(Work what) : work(std::move(what)) {}
    void finish(const std::optional<SqliteError>& how) {
        const std::lock_guard lock(mutex);
        failure = how;
        finished = true;
        done.notify_one();
    }

    const Work work;
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;               // guarded by mutex
    std::optional<SqliteError> failure;  // likewise
};

SqliteWriter::SqliteWriter(const SqliteSettings& settings, Clock clock, AlarmSink alarm)
    : settings_(settings),
      file_{settings.path, std::min(kBusyTimeout, settings.timeout), settings.may_replace, true},
      clock_(std::move(clock)),
      alarm_(std::move(alarm)),
      last_tidy_(Steady::now()) {}

SqliteWriter::~SqliteWriter() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::optional<SqliteError> SqliteWriter::start() {
    auto opened = open_file(file_);
    if (!opened) return opened.error();
    adopt(std::move(opened).value());
    if (!entries_->session().ok()) return entries_->session().failure();
    thread_ = std::thread([this] { run(); });
    return std::nullopt;
}

std::optional<SqliteError> SqliteWriter::perform(Work work) {
    const auto job = std::make_shared<Job>(std::move(work));
    const auto deadline = Steady::now() + settings_.timeout;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= kMaxQueue) {
            return SqliteError{SqliteError::Kind::Busy, "has too many changes waiting"};
        }
        queue_.push_back(job);
    }
    wake_.notify_one();
    std::unique_lock lock(job->mutex);
    if (!job->done.wait_until(lock, deadline, [&] { return job->finished; })) {
        return SqliteError{
            SqliteError::Kind::Busy,
            "took no change within " + std::to_string(settings_.timeout.count()) + " ms"};
    }
    return job->failure;
}

std::optional<SqliteError> SqliteWriter::examine() {
    return perform([this](SqliteEntries& entries, std::int64_t) {
        // A session of its own: ours may still have in memory what the file has lost.
        const auto fresh = open_session(file_);
        const std::string said = fresh->text("PRAGMA quick_check(1)");
        if (!fresh->ok()) {
            entries.session().fail(*fresh->failure());
        } else if (said != "ok") {
            entries.session().fail({SqliteError::Kind::Corrupt, "is damaged: " + said});
        }
    });
}

Figures SqliteWriter::figures() const {
    Figures figures;
    figures.entries = count_.load(std::memory_order_relaxed);
    figures.bytes = bytes_.load(std::memory_order_relaxed);
    figures.evicted = evicted_.load(std::memory_order_relaxed);
    return figures;
}

// ---- the writing thread

void SqliteWriter::run() {
    for (;;) {
        bool ending = false;
        const Batch batch = take(ending);
        if (!batch.empty()) commit(batch);
        if (batch.empty() && ending) return;
        if (Steady::now() - last_tidy_ >= kTidyEvery) tidy();
    }
}

SqliteWriter::Batch SqliteWriter::take(bool& ending) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kTidyEvery, [this] { return ending_ || !queue_.empty(); });
    ending = ending_;
    Batch batch;
    if (queue_.size() <= kMaxBatch) {
        batch.swap(queue_);
    } else {
        const auto cut = queue_.begin() + static_cast<std::ptrdiff_t>(kMaxBatch);
        batch.assign(queue_.begin(), cut);
        queue_.erase(queue_.begin(), cut);
    }
    return batch;
}

void SqliteWriter::commit(const Batch& batch) {
    std::optional<SqliteError> failure = SqliteError{};
    for (unsigned attempt = 0; attempt < 2 && failure; ++attempt) {
        SqliteError now_wrong;
        if (have_file(now_wrong) && try_commit(batch, now_wrong)) {
            failure.reset();
        } else {
            failure = now_wrong;
            mend(now_wrong);
            if (now_wrong.kind != SqliteError::Kind::Corrupt) break;
        }
    }
    for (const auto& job : batch) job->finish(failure);
    if (!failure && ++commits_ % kMeasureEvery == 0) measure();
}

bool SqliteWriter::try_commit(const Batch& batch, SqliteError& failure) {
    SqliteSession& session = entries_->session();
    const std::int64_t now = clock_();
    session.run("BEGIN IMMEDIATE");
    for (const auto& job : batch) {
        if (!session.ok()) break;
        job->work(*entries_, now);
    }
    const std::size_t deletions = batch.size() * kDeletionsPerChange + kDeletionsBeside;
    if (session.ok()) entries_->prune(now, deletions);
    if (session.ok() && over_) make_room(deletions);
    session.run("COMMIT");
    if (session.ok()) {
        count_.store(entries_->count(), std::memory_order_relaxed);
        return true;
    }
    failure = *session.failure();
    session.forget_failure();
    session.run("ROLLBACK");
    return false;
}

void SqliteWriter::make_room(std::size_t most) {
    evicted_.fetch_add(entries_->evict(most), std::memory_order_relaxed);
    const std::int64_t now = clock_();
    if (last_full_alarm_ != 0 && now - last_full_alarm_ < kAlarmPause) return;
    last_full_alarm_ = now;
    tell(Alarm::Kind::Full, "has reached its bound of " + std::to_string(settings_.max_bytes) +
                                " bytes; entries go before their end; raise state.file");
}

void SqliteWriter::measure() {
    const std::uint64_t bytes = entries_->bytes_in_use();
    over_ = bytes > settings_.max_bytes;
    bytes_.store(bytes, std::memory_order_relaxed);
    count_.store(entries_->count(), std::memory_order_relaxed);
}

void SqliteWriter::tidy() {
    last_tidy_ = Steady::now();
    if (entries_ && identity_of(file_.path) != identity_) {
        // Somebody moved or deleted it: what is written now would go nowhere.
        entries_.reset();
        tell(Alarm::Kind::Replaced, "was moved or deleted; a fresh one is begun");
    }
    SqliteError failure;
    if (!have_file(failure)) return;
    measure();
    SqliteSession& session = entries_->session();
    session.run("BEGIN IMMEDIATE");
    entries_->prune(clock_(), kPruneAtOnce);
    if (over_) make_room(kPruneAtOnce);
    session.run("COMMIT");
    if (session.ok()) return measure();
    const SqliteError wrong = *session.failure();
    session.forget_failure();
    session.run("ROLLBACK");
    mend(wrong);
}

bool SqliteWriter::have_file(SqliteError& failure) {
    if (entries_) return true;
    FileSettings again = file_;
    again.check = false;  // reads the whole file, which callers should not wait for
    auto opened = open_file(again);
    if (!opened) {
        failure = opened.error();
        return false;
    }
    adopt(std::move(opened).value());
    if (entries_->session().ok()) return true;
    failure = *entries_->session().failure();
    return false;
}

void SqliteWriter::adopt(OpenedFile opened) {
    identity_ = opened.identity;
    entries_ = std::make_unique<SqliteEntries>(std::move(opened.session));
    entries_->measure();
    measure();
    generation_.fetch_add(1);
    if (opened.replaced) {
        tell(Alarm::Kind::Replaced,
             "was damaged; it is kept as " + file_.path + ".corrupt and a fresh one is begun");
    }
}

/// After a failure the session is given up: what its transaction did is not counted right.
void SqliteWriter::mend(const SqliteError& failure) {
    entries_.reset();
    if (failure.kind != SqliteError::Kind::Corrupt) return;
    auto replaced = replace_file(file_, identity_);
    if (replaced) adopt(std::move(replaced).value());
}

void SqliteWriter::tell(Alarm::Kind kind, const std::string& sentence) {
    if (alarm_) alarm_({kind, "state file " + file_.path + ' ' + sentence});
}

}  // namespace postern::state
