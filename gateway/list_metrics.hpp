#pragma once

#include "gateway/observe/metrics.hpp"
#include "gateway/reputation/lists.hpp"

namespace postern {

/// Shows the figures of every list at each scrape: postern_list_lookups_total, _hits_total,
/// _unknowns_total, postern_list_suspended, postern_list_entries, postern_list_age_seconds{list}.
/// `lists` outlives the last scrape of `registry`.
void show_list_figures(observe::Registry& registry, const reputation::Lists& lists);

}  // namespace postern
