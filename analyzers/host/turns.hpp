#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace postern::host {

/// Lets so many in at a time, in the order they came.
class Turns {
public:
    using Clock = std::chrono::steady_clock;

    explicit Turns(std::uint32_t places) : free_(places) {}

    /// Waits for a place. False: none was free before `deadline`.
    [[nodiscard]] bool enter(Clock::time_point deadline);
    void leave();
    [[nodiscard]] std::uint32_t waiting() const;

private:
    struct Waiter {
        std::condition_variable called;
        bool admitted = false;
    };

    mutable std::mutex mutex_;
    std::uint32_t free_;
    std::deque<Waiter*> waiters_;  // each on the stack of its thread
};

}  // namespace postern::host
