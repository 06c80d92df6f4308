#pragma once

/// @file One server: its kept connections, its health and its figures.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/relay/connection.hpp"
#include "gateway/relay/health.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/relay/targets.hpp"

namespace postern::relay {

/// What all servers of a NextHop have in common.
struct HopShared {
    dns::Resolver* resolver = nullptr;
    HealthSettings health = {};
    std::function<void(const HopChange&)> changed = {};
    int wake = -1;  ///< an eventfd; readable from shut_down() on
    std::atomic<bool> shut{false};
    std::function<void()> went_down = {};  ///< there is something to check
};

/// Thread-safe.
class Hop {
public:
    Hop(HopSettings settings, std::string route, HopShared& shared);

    [[nodiscard]] const HopSettings& settings() const { return settings_; }
    /// "host:port", for the operator.
    [[nodiscard]] const std::string& name() const { return name_; }

    /// A kept connection that still answers, or null.
    [[nodiscard]] std::unique_ptr<Connection> take_kept(Clock::time_point limit);
    /// The address that worked last stands first.
    [[nodiscard]] Targets targets(Clock::time_point limit) const;
    [[nodiscard]] Outcome<std::unique_ptr<Connection>, Lost> open(const Target& target,
                                                                  Clock::time_point limit);
    /// Keeps it for the next one, or closes it when there are enough or it has carried enough.
    void give_back(std::unique_ptr<Connection> connection);
    void close_idle();
    [[nodiscard]] bool shut() const { return shared_.shut; }

    [[nodiscard]] bool up() const;
    [[nodiscard]] Clock::time_point due() const;
    /// Free: it is up. Counted: it is down and one more may try it, who has to leave(). Full: it is
    /// down, and enough threads try it now.
    enum class Entry : std::uint8_t { Free, Counted, Full };
    [[nodiscard]] Entry enter();
    void leave();
    void failed(const std::string& detail);
    void worked();
    /// A connection of our own, to see whether it is back.
    void check();

    void count_retry() { ++retried_; }
    void count_replaced() { ++replaced_; }
    void count_message() { ++messages_; }
    [[nodiscard]] HopFigures figures() const;

private:
    [[nodiscard]] std::unique_ptr<Connection> pop_kept();
    [[nodiscard]] std::vector<std::unique_ptr<Connection>> take_stale();

    const HopSettings settings_;
    const std::string route_;
    const std::string name_;
    HopShared& shared_;
    std::unique_ptr<TlsClientContext> tls_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> kept_;  ///< the one used last stands last
    Health health_;
    std::string good_address_;  ///< where a connection was made last
    std::atomic<std::uint64_t> opened_{0};
    std::atomic<std::uint64_t> reused_{0};
    std::atomic<std::uint64_t> retried_{0};
    std::atomic<std::uint64_t> replaced_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> messages_{0};
};

}  // namespace postern::relay
