#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace postern::net {

/// Threads for what blocks: jail, next hop, disk. Bounded in threads and in jobs waiting.
class Pool {
public:
    /// `on_bug` hears of exceptions that escaped a job; the thread goes on.
    Pool(std::size_t threads, std::size_t max_waiting, std::function<void()> on_bug = {});
    /// As stop().
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    Pool(Pool&&) = delete;
    Pool& operator=(Pool&&) = delete;

    /// Never blocks. False: as many jobs wait as may, or the pool stops; the job was not taken.
    [[nodiscard]] bool submit(std::function<void()> job);
    /// For what has to be done although nobody counted on it (a flush that a reader waits for): the
    /// bound does not hold. False only when the pool stops.
    [[nodiscard]] bool submit_unbounded(std::function<void()> job);

    /// Takes no more jobs, runs those that wait, and returns when all have ended.
    void stop();

    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] std::size_t running() const;

private:
    void work();

    const std::size_t max_waiting_;
    const std::function<void()> on_bug_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace postern::net
