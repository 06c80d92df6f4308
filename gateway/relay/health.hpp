#pragma once

/// @file Whether a server is worth a try. Decides only: the time comes from the caller, and the
/// lock too.

#include <algorithm>
#include <chrono>

#include "gateway/relay/hop_settings.hpp"

namespace postern::relay {

class Health {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Health(const HealthSettings& settings) : settings_(settings) {}

    [[nodiscard]] bool up() const { return pause_.count() == 0; }
    /// When the server is to be checked again; only while it is down.
    [[nodiscard]] TimePoint due() const { return due_; }
    [[nodiscard]] std::chrono::milliseconds pause() const { return pause_; }

    /// The server could not be used. True: it was up until now.
    bool failed(TimePoint now) {
        const bool news = up();
        // Several threads meet the same failure: only one per pause makes the pause longer.
        if (!news && now < due_) return false;
        pause_ = news ? settings_.first_pause : std::min(pause_ * 2, settings_.longest_pause);
        due_ = now + pause_;
        return news;
    }
    /// It was of use. True: it was down until now.
    bool worked() {
        const bool news = !up();
        pause_ = std::chrono::milliseconds(0);
        return news;
    }
    /// One thread more tries a server that is down; false: enough do already.
    [[nodiscard]] bool enter() {
        if (trying_ >= settings_.tries_while_down) return false;
        ++trying_;
        return true;
    }
    void leave() { --trying_; }

private:
    HealthSettings settings_;
    std::chrono::milliseconds pause_{0};  ///< 0: up
    TimePoint due_{};
    std::size_t trying_ = 0;
};

}  // namespace postern::relay
