#pragma once

/// @file What NextHop and its deliveries share: settings, addresses, the kept connections.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/relay/connection.hpp"
#include "gateway/relay/next_hop.hpp"

namespace postern::relay {

struct Lease {
    std::unique_ptr<Connection> connection;
    bool reused = false;
};

/// 451 4.4.1: the client shall come again.
[[nodiscard]] smtp::PeerReply hop_down();

class NextHopState {
public:
    NextHopState(NextHopSettings settings, NextHop::Resolve resolve);

    [[nodiscard]] const NextHopSettings& settings() const { return settings_; }
    /// A kept connection that still answers, else a new one.
    [[nodiscard]] Outcome<Lease, HopFailure> take();
    [[nodiscard]] Outcome<Lease, HopFailure> take_new();
    /// Keeps it for the next one, or closes it when there are enough or it has carried enough.
    void give_back(std::unique_ptr<Connection> connection);
    void close_idle();
    void shut_down();
    void count_retry() { ++retried_; }
    [[nodiscard]] NextHopCounts counts() const;

private:
    [[nodiscard]] std::unique_ptr<Connection> take_kept();
    [[nodiscard]] std::vector<std::unique_ptr<Connection>> take_stale();
    [[nodiscard]] Outcome<std::unique_ptr<Connection>, Lost> open(const Endpoint& endpoint);

    const NextHopSettings settings_;
    const NextHop::Resolve resolve_;
    std::unique_ptr<TlsClientContext> tls_;
    UniqueFd wake_;  ///< an eventfd; readable from shut_down() on
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> kept_;  ///< the one used last stands last
    std::atomic<bool> shut_{false};
    std::atomic<std::uint64_t> opened_{0};
    std::atomic<std::uint64_t> reused_{0};
    std::atomic<std::uint64_t> retried_{0};
};

}  // namespace postern::relay
