#include "gateway/net/pool.hpp"

#include <utility>

namespace postern::net {

Pool::Pool(std::size_t threads, std::size_t max_waiting, std::function<void()> on_bug)
    : max_waiting_(max_waiting), on_bug_(std::move(on_bug)) {
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Pool::~Pool() {
    stop();
}

bool Pool::submit(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        // Threads that are free take their job before it waits.
        const std::size_t idle = threads_.size() - running_;
        if (stopping_ || jobs_.size() >= max_waiting_ + idle) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

bool Pool::submit_unbounded(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void Pool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        ++running_;
        lock.unlock();
        try {
            job();
        } catch (...) {
            if (on_bug_) on_bug_();
        }
        job = nullptr;  // what it holds goes before it counts as ended
        lock.lock();
        --running_;
    }
}

void Pool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

std::size_t Pool::waiting() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

std::size_t Pool::running() const {
    const std::lock_guard lock(mutex_);
    return running_;
}

}  // namespace postern::net
