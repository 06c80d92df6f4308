#include "gateway/list_metrics.hpp"

#include <memory>
#include <string>

namespace postern {
namespace {

using observe::Counter;
using observe::Gauge;
using observe::Series;

struct ListSeries {
    explicit ListSeries(observe::Registry& registry)
        : lookups(registry.counters(
              {"postern_list_lookups_total", "Subjects looked up in a list.", {"list"}})),
          hits(registry.counters(
              {"postern_list_hits_total", "Subjects that a list had.", {"list"}})),
          unknowns(registry.counters({"postern_list_unknowns_total",
                                      "Subjects a list could not be asked about.",
                                      {"list"}})),
          suspended(registry.gauges(
              {"postern_list_suspended", "1 while nothing of a list counts.", {"list"}})),
          entries(
              registry.gauges({"postern_list_entries", "Entries of a file or feed.", {"list"}})),
          age(registry.gauges(
              {"postern_list_age_seconds", "Time since a feed was last fetched.", {"list"}})) {}

    Series<Counter>& lookups;
    Series<Counter>& hits;
    Series<Counter>& unknowns;
    Series<Gauge>& suspended;
    Series<Gauge>& entries;
    Series<Gauge>& age;
};

}  // namespace

void show_list_figures(observe::Registry& registry, const reputation::Lists& lists) {
    // Shared because hooks are copied.
    registry.before_scrape([series = std::make_shared<ListSeries>(registry), &lists] {
        for (const reputation::ListFigures& each : lists.figures()) {
            series->lookups.with({each.list}).raise_to(each.lookups);
            series->hits.with({each.list}).raise_to(each.hits);
            series->unknowns.with({each.list}).raise_to(each.unknowns);
            series->suspended.with({each.list}).set(each.suspended ? 1 : 0);
            if (each.kind == reputation::SourceKind::Dns) continue;
            series->entries.with({each.list}).set(static_cast<double>(each.entries));
            if (each.age_seconds < 0) continue;
            series->age.with({each.list}).set(static_cast<double>(each.age_seconds));
        }
    });
}

}  // namespace postern
