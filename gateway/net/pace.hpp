#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "gateway/net/deadlines.hpp"

namespace postern::net {

struct Rates {
    std::chrono::milliseconds window = std::chrono::seconds(30);
    std::uint32_t message = 100;  ///< bytes per second of DATA and BDAT, and of our replies; 0: any
    std::uint32_t command = 10;   ///< bytes per second of a command that has begun; 0: any
};

/// Counts bytes over the time that the client is waited for. Stopping the clock does not forget
/// what was counted: a client cannot begin anew by finishing a command each few seconds.
class Pace {
public:
    void run(TimePoint now) {
        if (!since_) since_ = now;
    }
    void stop(TimePoint now) {
        if (since_) spent_ += now - *since_;
        since_.reset();
    }
    void forget() { *this = Pace(); }
    void add(std::uint64_t bytes) { bytes_ += bytes; }

    /// When the window ends, if the clock runs and a rate is asked for.
    [[nodiscard]] std::optional<TimePoint> deadline(std::chrono::milliseconds window,
                                                    std::uint32_t rate) const {
        if (!since_ || rate == 0) return std::nullopt;
        return *since_ + (window - spent_);
    }
    /// At that time: false if too little came; else the next window begins.
    [[nodiscard]] bool next_window(TimePoint now, std::chrono::milliseconds window,
                                   std::uint32_t rate) {
        constexpr std::uint64_t kMillisecondsPerSecond = 1000;
        const auto length = static_cast<std::uint64_t>(window.count());
        if (bytes_ * kMillisecondsPerSecond < std::uint64_t{rate} * length) return false;
        forget();
        since_ = now;
        return true;
    }

private:
    std::optional<TimePoint> since_;  ///< set while the clock runs
    TimePoint::duration spent_{0};    ///< before that
    std::uint64_t bytes_ = 0;
};

}  // namespace postern::net
