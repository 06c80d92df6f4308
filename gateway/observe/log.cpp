#include "gateway/observe/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace postern::observe {
namespace {

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// One write() in the usual case; the rest of a line only where the kernel took a part of it.
bool write_line(int descriptor, std::string_view line) {
    while (!line.empty()) {
        const ssize_t written = ::write(descriptor, line.data(), line.size());
        if (written >= 0) {
            line.remove_prefix(static_cast<std::size_t>(written));
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
    }
    work_.notify_one();
}

void Log::flush() {
    std::unique_lock lock(mutex_);
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
        const std::vector<std::string> lines = std::exchange(waiting_, {});
        writing_ = true;
        lock.unlock();
        std::uint64_t failed = 0;
        for (const std::string& text : lines) {
            if (!write_line(descriptor_.get(), text)) ++failed;
        }
        lock.lock();
        dropped_ += failed;
        writing_ = false;
        if (waiting_.empty()) idle_.notify_all();
    }
}

}  // namespace postern::observe
