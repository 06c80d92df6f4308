#include "gateway/observe/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

namespace postern::observe {
namespace {

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// One write() in the usual case; the rest only where the kernel took a part of it.
bool write_text(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {  // somebody has made the shared descriptor non-blocking
            pollfd writable{descriptor, POLLOUT, 0};
            if (::poll(&writable, 1, -1) < 0 && errno != EINTR) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

Log::Log(UniqueFd descriptor, Options options)
    : options_(options), descriptor_(std::move(descriptor)), thread_([this] { run(); }) {}

Log::~Log() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    work_.notify_one();
    thread_.join();
}

void Log::line(Level level, std::string_view event, std::initializer_list<Field> fields) {
    line(level, event, std::span<const Field>(fields.begin(), fields.size()));
}

void Log::line(Level level, std::string_view event, std::span<const Field> fields) {
    if (!enabled(level)) return;
    std::string text = json_line(now_us(), level, event, fields);
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= options_.queue) {
            ++dropped_;
            return;
        }
        if (dropped_ != reported_) {
            const std::array<Field, 1> lost{Field{"lines", dropped_ - reported_}};
            waiting_.push_back(json_line(now_us(), Level::Error, "log_lines_dropped", lost));
            reported_ = dropped_;
        }
        waiting_.push_back(std::move(text));
        wake = waiting_.size() == 1 && !writing_;  // else the thread is awake
    }
    if (wake) work_.notify_one();
}

void Log::flush() {
    std::unique_lock lock(mutex_);
    hurried_ = true;
    work_.notify_one();
    idle_.wait(lock, [this] { return waiting_.empty() && !writing_; });
}

std::uint64_t Log::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void Log::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;  // ending, and all is written
        writing_ = true;
        work_.wait_for(lock, kGather, [this] { return ending_ || hurried_; });
        const std::vector<std::string> lines = std::exchange(waiting_, {});
        lock.unlock();
        const std::uint64_t failed = write_all(lines);
        lock.lock();
        dropped_ += failed;
        writing_ = false;
        if (!waiting_.empty()) continue;
        hurried_ = false;
        idle_.notify_all();
    }
}

/// How many lines were lost.
std::uint64_t Log::write_all(const std::vector<std::string>& lines) {
    std::uint64_t failed = 0;
    std::uint64_t gathered = 0;
    std::string text;
    const auto write_gathered = [&] {
        if (!write_text(descriptor_.get(), text)) failed += gathered;
        text.clear();
        gathered = 0;
    };
    for (const std::string& line : lines) {
        if (gathered > 0 && text.size() + line.size() > PIPE_BUF) write_gathered();
        text += line;
        ++gathered;
    }
    if (gathered > 0) write_gathered();
    return failed;
}

}  // namespace postern::observe
