#pragma once

#include "gateway/dns/client.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/observe/metrics.hpp"
#include "gateway/relay/next_hop.hpp"

namespace postern {

/// What is told of servers behind us: their figures at each scrape, and each change of their health
/// when it comes. Series, all with {route,hop}: postern_next_hop_up,
/// postern_next_hop_changed_timestamp_seconds (when that changed, since 1970; 0: never),
/// postern_next_hop_connections_total, _reused_total, _failures_total, _messages_total.
class HopWatch {
public:
    /// Both outlive this.
    HopWatch(observe::Registry& registry, observe::Log& log);

    /// The settings with this told of changes: a line in the log each, "next_hop_down" or
    /// "next_hop_up".
    [[nodiscard]] relay::NextHopSettings watched(relay::NextHopSettings settings);
    /// `next_hop` outlives the last scrape.
    void show(const relay::NextHop& next_hop);

private:
    void changed(const relay::HopChange& change);

    observe::Registry& registry_;
    observe::Log& log_;
    observe::Series<observe::Gauge>& changed_;
};

/// postern_dns_waiting, postern_dns_cache_entries, postern_dns_cache_bytes,
/// postern_dns_cache_hits_total. `client` outlives the last scrape of `registry`.
void show_dns_load(observe::Registry& registry, const dns::Client& client);

}  // namespace postern
