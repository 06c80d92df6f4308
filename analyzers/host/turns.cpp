#include "analyzers/host/turns.hpp"

#include <algorithm>

namespace postern::host {

bool Turns::enter(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (free_ > 0 && waiters_.empty()) {
        --free_;
        return true;
    }
    Waiter waiter;
    waiters_.push_back(&waiter);
    if (waiter.called.wait_until(lock, deadline, [&] { return waiter.admitted; })) return true;
    waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &waiter));
    return false;
}

void Turns::leave() {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
        ++free_;
        return;
    }
    // The place passes on directly, so that nobody who comes later can take it.
    Waiter* next = waiters_.front();
    waiters_.pop_front();
    next->admitted = true;
    next->called.notify_one();  // under the lock: the waiter may be gone right after
}

std::uint32_t Turns::waiting() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint32_t>(waiters_.size());
}

}  // namespace postern::host
