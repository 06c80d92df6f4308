#include "gateway/net/inbox.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace postern::net {

Inbox::Inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Inbox::post(Task task) {
    if (closed_.load(std::memory_order_acquire)) return;
    // Only the reader itself can find its own name there.
    if (reader_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
        own_.push_back(std::move(task));
        return;
    }
    const std::lock_guard lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) return;  // the task goes after the lock
    tasks_.push_back(std::move(task));
    if (waiting_.exchange(true, std::memory_order_release)) return;
    (void)eventfd_write(wake_.get(), 1);  // cannot fail: nobody counts to 2^64
}

void Inbox::attach() {
    reader_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

std::vector<Inbox::Task> Inbox::take() {
    std::vector<Task> taken = std::exchange(own_, {});
    if (!waiting_.load(std::memory_order_acquire)) return taken;
    const std::lock_guard lock(mutex_);
    waiting_.store(false, std::memory_order_relaxed);
    if (taken.empty()) return std::exchange(tasks_, {});
    std::move(tasks_.begin(), tasks_.end(), std::back_inserter(taken));
    tasks_.clear();
    return taken;
}

bool Inbox::has_tasks() const {
    return !own_.empty() || waiting_.load(std::memory_order_acquire);
}

void Inbox::woken() {
    eventfd_t count = 0;
    (void)eventfd_read(wake_.get(), &count);
}

void Inbox::close() {
    std::vector<Task> dropped;
    std::vector<Task> dropped_own;
    const std::lock_guard lock(mutex_);
    closed_.store(true, std::memory_order_release);
    reader_.store(std::thread::id(), std::memory_order_relaxed);
    dropped.swap(tasks_);
    dropped_own.swap(own_);
}

}  // namespace postern::net
