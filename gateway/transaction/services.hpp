#pragma once

/// @file What every transaction of this process shares. Made once by main(), outlives all of them.

#include "analyzers/host/door.hpp"
#include "gateway/net/pool.hpp"
#include "gateway/observe/gateway_metrics.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/spool/spool.hpp"
#include "quarantine/store.hpp"

namespace postern::transaction {

struct Services {
    const settings::Settings& settings;
    host::Door& door;
    net::Pool& pool;
    relay::NextHop& next_hop;
    spool::Spool& spool;
    quarantine::Store& store;
    observe::Log& log;
    observe::GatewayMetrics& metrics;
};

}  // namespace postern::transaction
