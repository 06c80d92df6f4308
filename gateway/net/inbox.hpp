#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::net {

class Reactor;

/// How a reactor is reached, by other threads and by what it calls itself. Outlives it: what is
/// posted then is dropped.
class Inbox {
public:
    using Task = std::function<void(Reactor& reactor)>;

    /// Throws std::system_error when the kernel has no descriptors left.
    Inbox();

    /// Any thread.
    void post(Task task);

    // The reactor's side.
    /// Names the calling thread as the reader: it needs no waking, and no lock for what it posts.
    void attach();
    /// In the order in which each thread posted them.
    [[nodiscard]] std::vector<Task> take();
    [[nodiscard]] bool has_tasks() const;
    /// The descriptor is readable: makes it wait for the next task.
    void woken();
    /// Drops what is there and what comes.
    void close();
    [[nodiscard]] int descriptor() const { return wake_.get(); }

private:
    UniqueFd wake_;          ///< eventfd
    std::vector<Task> own_;  ///< posted by the reader, and touched by nobody else
    std::mutex mutex_;
    std::vector<Task> tasks_;            ///< of the others
    std::atomic<bool> waiting_ = false;  ///< there are some; changed under the lock
    std::atomic<std::thread::id> reader_ = std::thread::id();
    std::atomic<bool> closed_ = false;
};

}  // namespace postern::net
