#include "gateway/state_metrics.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace postern {
namespace {

using observe::Counter;
using observe::Gauge;
using observe::Series;

/// A figure that rises by itself; a counter is told by how much.
class Rising {
public:
    explicit Rising(Counter& counter) : counter_(counter) {}
    void show(std::uint64_t total) { counter_.add(total - std::exchange(before_, total)); }

private:
    Counter& counter_;
    std::uint64_t before_ = 0;
};

struct StateSeries {
    explicit StateSeries(observe::Registry& registry)
        : degraded(registry
                       .gauges({"postern_state_degraded",
                                "1 while local memory stands in for the state store."})
                       .only()),
          outages(
              registry
                  .counters({"postern_state_outages_total", "Times the state store was given up."})
                  .only()),
          errors(registry.counters({"postern_state_errors_total", "Calls the state store failed."})
                     .only()),
          operations(
              registry.counters({"postern_state_operations_total", "Calls of the state store."})
                  .only()),
          evicted(registry
                      .counters({"postern_state_evicted_total",
                                 "Entries of the state store that went before their end."})
                      .only()),
          entries(registry.gauges({"postern_state_entries", "Entries of the state store."})),
          bytes(registry.gauges({"postern_state_bytes", "Bytes of the state store."})) {}

    std::mutex mutex;  ///< two may scrape at once
    Gauge& degraded;
    Rising outages;
    Rising errors;
    Rising operations;
    Rising evicted;
    Series<Gauge>& entries;
    Series<Gauge>& bytes;
};

}  // namespace

void show_state_figures(observe::Registry& registry, const state::State& state) {
    // Shared because hooks are copied.
    registry.before_scrape([series = std::make_shared<StateSeries>(registry), &state] {
        const std::lock_guard lock(series->mutex);
        const state::Figures figures = state.figures();
        series->degraded.set(figures.degraded ? 1 : 0);
        series->outages.show(figures.outages);
        series->errors.show(figures.errors);
        series->operations.show(figures.operations);
        series->evicted.show(figures.evicted);
        if (figures.entries) series->entries.only().set(static_cast<double>(*figures.entries));
        if (figures.bytes) series->bytes.only().set(static_cast<double>(*figures.bytes));
    });
}

}  // namespace postern
