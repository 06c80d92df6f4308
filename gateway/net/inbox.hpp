#pragma once

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::net {

class Reactor;

/// How other threads reach a reactor. Outlives it: what is posted then is dropped.
class Inbox {
public:
    using Task = std::function<void(Reactor& reactor)>;

    /// Throws std::system_error when the kernel has no descriptors left.
    Inbox();

    /// Any thread.
    void post(Task task);

    // The reactor's side.
    /// Names the calling thread as the reader: it needs no waking.
    void attach();
    [[nodiscard]] std::vector<Task> take();
    [[nodiscard]] bool has_tasks();
    /// Drops what is there and what comes.
    void close();
    [[nodiscard]] int descriptor() const { return wake_.get(); }

private:
    UniqueFd wake_;  ///< eventfd
    std::mutex mutex_;
    std::vector<Task> tasks_;
    std::thread::id reader_;
    bool closed_ = false;
};

}  // namespace postern::net
