#include "gateway/net/load_gauge.hpp"

#include <algorithm>
#include <utility>

namespace postern::net {
namespace {

constexpr double kEndsAt = 0.9;  // of the share where overload begins

}  // namespace

LoadGauge::LoadGauge(std::shared_ptr<const Admission> admission, LoadLimits limits,
                     std::function<void(const Load& load)> changed)
    : admission_(std::move(admission)), limits_(std::move(limits)), changed_(std::move(changed)) {}

double LoadGauge::share_of(const Load& load) const {
    const double connections =
        static_cast<double>(load.connections) / static_cast<double>(limits_.max_connections);
    return std::max(connections, load.pool);
}

bool LoadGauge::short_of_room(const Load& load, std::size_t places) const {
    return limits_.room != 0 && load.connections + places >= limits_.room;
}

Load LoadGauge::measure() {
    Load load;
    load.connections = admission_->count();
    load.max_connections = limits_.max_connections;
    if (limits_.pool) load.pool = limits_.pool();
    const bool before = overload();
    load.overload = share_of(load) >= (before ? kEndsAt * limits_.share : limits_.share) ||
                    short_of_room(load, (before ? 2 : 1) * LoadLimits::kLastPlaces);
    bool expected = before;
    if (load.overload != before && overload_.compare_exchange_strong(expected, load.overload) &&
        changed_) {
        changed_(load);
    }
    return load;
}

bool LoadGauge::full(const Load& load) const {
    return share_of(load) >= limits_.refuse_share || short_of_room(load, LoadLimits::kLastPlaces);
}

}  // namespace postern::net
