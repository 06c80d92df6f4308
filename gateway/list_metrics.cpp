#include "gateway/list_metrics.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace postern {
namespace {

using observe::Counter;
using observe::Gauge;
using observe::Series;

/// Figures rise by themselves; a counter is told by how much.
class Rising {
public:
    explicit Rising(Series<Counter>& series) : series_(series) {}
    void show(const std::string& list, std::uint64_t total) {
        const std::uint64_t before = std::exchange(seen_[list], total);
        series_.with({list}).add(total - before);
    }

private:
    Series<Counter>& series_;
    std::map<std::string, std::uint64_t> seen_;
};

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

    std::mutex mutex;  ///< two may scrape at once
    Rising lookups;
    Rising hits;
    Rising unknowns;
    Series<Gauge>& suspended;
    Series<Gauge>& entries;
    Series<Gauge>& age;
};

}  // namespace

void show_list_figures(observe::Registry& registry, const reputation::Lists& lists) {
    // Shared because hooks are copied.
    registry.before_scrape([series = std::make_shared<ListSeries>(registry), &lists] {
        const std::lock_guard lock(series->mutex);
        for (const reputation::ListFigures& each : lists.figures()) {
            series->lookups.show(each.list, each.lookups);
            series->hits.show(each.list, each.hits);
            series->unknowns.show(each.list, each.unknowns);
            series->suspended.with({each.list}).set(each.suspended ? 1 : 0);
            if (each.kind == reputation::SourceKind::Dns) continue;
            series->entries.with({each.list}).set(static_cast<double>(each.entries));
            if (each.age_seconds < 0) continue;
            series->age.with({each.list}).set(static_cast<double>(each.age_seconds));
        }
    });
}

}  // namespace postern
