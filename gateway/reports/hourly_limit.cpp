#include "gateway/reports/hourly_limit.hpp"

#include <algorithm>

namespace postern::reports {
namespace {

constexpr quarantine::UnixMs kHour = 3'600'000;

}  // namespace

bool HourlyLimit::take(const std::string& name, quarantine::UnixMs now) {
    // A clock that was set back does not close the limit for longer than an hour.
    std::erase_if(taken_, [now](const Taken& each) {
        return now - each.time >= kHour || each.time - now >= kHour;
    });
    if (taken_.size() >= most_of_all_) return false;
    const auto of_one = std::count_if(taken_.begin(), taken_.end(),
                                      [&](const Taken& each) { return each.name == name; });
    if (static_cast<std::size_t>(of_one) >= most_of_one_) return false;
    taken_.push_back({now, name});
    return true;
}

}  // namespace postern::reports
