#pragma once

/// @file What work costs the thread that does it: a busy machine does not change it.

#include <chrono>
#include <ctime>

namespace postern::tests {

inline std::chrono::nanoseconds thread_cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

template <class F>
std::chrono::nanoseconds cpu_time_of(F&& work) {
    const auto start = thread_cpu_time();
    work();
    return thread_cpu_time() - start;
}

}  // namespace postern::tests
