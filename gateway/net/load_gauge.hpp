#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "gateway/net/admission.hpp"
#include "gateway/net/dialogue.hpp"

namespace postern::net {

struct LoadLimits {
    /// Places left for clients that are not counted where descriptors end before max_connections.
    static constexpr std::size_t kLastPlaces = 128;

    std::size_t max_connections = 30000;
    double share = 0.8;                 ///< of max_connections or of the pool: overload begins
    double refuse_share = 0.95;         ///< likewise: new clients are refused
    std::function<double()> pool = {};  ///< share of the pool's waiting places taken; any thread
    std::size_t room = 0;               ///< connections that descriptors allow; 0: any number
};

/// Tells overload before it becomes collapse. It ends at nine tenths of the share where it began,
/// so that it does not flicker, or with twice the last places free. Thread-safe.
class LoadGauge {
public:
    /// `changed` is called when overload begins or ends, on the thread that noticed.
    LoadGauge(std::shared_ptr<const Admission> admission, LoadLimits limits,
              std::function<void(const Load& load)> changed);

    /// Looks, and tells when overload begins or ends.
    Load measure();
    /// As measured last.
    [[nodiscard]] bool overload() const { return overload_.load(std::memory_order_relaxed); }
    /// True when clients that are counted should be turned away.
    [[nodiscard]] bool full(const Load& load) const;

private:
    [[nodiscard]] double share_of(const Load& load) const;
    [[nodiscard]] bool short_of_room(const Load& load, std::size_t places) const;

    const std::shared_ptr<const Admission> admission_;
    const LoadLimits limits_;
    const std::function<void(const Load& load)> changed_;
    std::atomic<bool> overload_ = false;
};

}  // namespace postern::net
