#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "gateway/cli/supervisor/child.hpp"

namespace postern::cli {

/// How long to wait before a service that died is started again: doubles from 0.1 s to 1.5 s, and
/// begins anew once it has lived for 2 s.
class BackOff {
public:
    using Clock = std::chrono::steady_clock;

    void started(Clock::time_point now) { started_ = now; }
    [[nodiscard]] std::chrono::milliseconds died(Clock::time_point now);

private:
    Clock::time_point started_;
    std::chrono::milliseconds next_{100};
};

/// A service that is started again whenever it ends, until it is told to leave.
class KeptChild {
public:
    using Clock = std::chrono::steady_clock;

    /// `make` says what to start and is asked anew each time. `tell` hears one sentence per event.
    KeptChild(std::function<Program()> make, std::function<void(const std::string&)> tell)
        : make_(std::move(make)), tell_(std::move(tell)) {}

    void start(Clock::time_point now);
    /// To be called when watch() is readable.
    void ended(Clock::time_point now);
    /// Asks it to end, and does not start it again.
    void leave();
    void kill() const;

    [[nodiscard]] bool running() const { return child_.has_value(); }
    [[nodiscard]] int watch() const { return child_ ? child_->watch() : -1; }
    [[nodiscard]] pid_t pid() const { return child_ ? child_->pid() : -1; }
    /// When start() is due again.
    [[nodiscard]] std::optional<Clock::time_point> due() const { return due_; }

private:
    std::function<Program()> make_;
    std::function<void(const std::string&)> tell_;
    std::optional<Child> child_;
    std::optional<Clock::time_point> due_;
    BackOff back_off_;
    bool leaving_ = false;
};

}  // namespace postern::cli
