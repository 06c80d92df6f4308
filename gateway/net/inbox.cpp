#include "gateway/net/inbox.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace postern::net {

Inbox::Inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Inbox::post(Task task) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;  // the task goes with its argument, after the lock
    const bool wake = tasks_.empty() && reader_ != std::this_thread::get_id();
    tasks_.push_back(std::move(task));
    if (wake) (void)::eventfd_write(wake_.get(), 1);  // cannot fail: nobody counts to 2^64
}

void Inbox::attach() {
    const std::lock_guard lock(mutex_);
    reader_ = std::this_thread::get_id();
}

std::vector<Inbox::Task> Inbox::take() {
    eventfd_t count = 0;
    (void)::eventfd_read(wake_.get(), &count);
    const std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
}

bool Inbox::has_tasks() {
    const std::lock_guard lock(mutex_);
    return !tasks_.empty();
}

void Inbox::close() {
    std::vector<Task> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
}

}  // namespace postern::net
