#include <algorithm>

#include "quarantine/outbox.hpp"

namespace postern::quarantine {

std::optional<std::chrono::milliseconds> retry_delay(std::uint32_t attempts,
                                                     std::chrono::milliseconds age,
                                                     const BackOff& back_off) {
    if (age >= back_off.give_up) return std::nullopt;
    std::chrono::milliseconds delay = back_off.first;
    for (std::uint32_t attempt = 1; attempt < attempts && delay < back_off.longest; ++attempt) {
        delay *= 2;
    }
    // The last try is at the moment of giving up, not beyond it.
    return std::min({delay, back_off.longest, back_off.give_up - age});
}

}  // namespace postern::quarantine
