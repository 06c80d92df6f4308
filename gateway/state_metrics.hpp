#pragma once

#include "gateway/observe/metrics.hpp"
#include "gateway/state/state.hpp"

namespace postern {

/// Shows how the state store fares at each scrape: postern_state_degraded (1 while the local store
/// stands in for the shared one: the alarm), postern_state_outages_total, _errors_total,
/// _operations_total, _evicted_total, postern_state_entries and _bytes where they are known.
/// `state` outlives the last scrape of `registry`.
void show_state_figures(observe::Registry& registry, const state::State& state);

}  // namespace postern
