#include "gateway/cli/supervisor/kept_child.hpp"

#include <algorithm>
#include <csignal>

namespace postern::cli {
namespace {

constexpr std::chrono::milliseconds kShortest{100};
constexpr std::chrono::milliseconds kLongest{1500};
constexpr std::chrono::seconds kLivedWell{2};

}  // namespace

std::chrono::milliseconds BackOff::died(Clock::time_point now) {
    if (now - started_ >= kLivedWell) next_ = kShortest;
    return std::exchange(next_, std::min(next_ * 2, kLongest));
}

void KeptChild::start(Clock::time_point now) {
    due_.reset();
    back_off_.started(now);
    auto started = Child::start(make_());
    if (started) {
        child_ = std::move(started).value();
        return;
    }
    tell_(started.error());
    due_ = now + back_off_.died(now);
}

void KeptChild::ended(Clock::time_point now) {
    const std::string how = child_->reap();
    const std::string pid = std::to_string(child_->pid());
    child_.reset();
    if (leaving_) return;
    const auto wait = back_off_.died(now);
    due_ = now + wait;
    tell_("process " + pid + " ended (" + how + "); next start in " + std::to_string(wait.count()) +
          " ms");
}

void KeptChild::leave() {
    leaving_ = true;
    due_.reset();
    if (child_) child_->signal(SIGTERM);
}

void KeptChild::kill() const {
    if (child_) child_->signal(SIGKILL);
}

}  // namespace postern::cli
