#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace postern::net {

using TimePoint = std::chrono::steady_clock::time_point;

/// Who has to be looked at when.
class Deadlines {
public:
    void add(TimePoint time, std::uint64_t id) { entries_.emplace(time, id); }
    void remove(TimePoint time, std::uint64_t id) { entries_.erase({time, id}); }
    [[nodiscard]] std::optional<TimePoint> first() const {
        if (entries_.empty()) return std::nullopt;
        return entries_.begin()->first;
    }
    /// Takes out everybody whose time has come.
    [[nodiscard]] std::vector<std::uint64_t> expired(TimePoint now) {
        std::vector<std::uint64_t> ids;
        while (!entries_.empty() && entries_.begin()->first <= now) {
            ids.push_back(entries_.begin()->second);
            entries_.erase(entries_.begin());
        }
        return ids;
    }

private:
    std::set<std::pair<TimePoint, std::uint64_t>> entries_;
};

}  // namespace postern::net
