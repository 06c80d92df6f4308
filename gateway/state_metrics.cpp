#include "gateway/state_metrics.hpp"

#include <memory>

namespace postern {
namespace {

using observe::Counter;
using observe::Gauge;
using observe::Series;

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

    Gauge& degraded;
    Counter& outages;
    Counter& errors;
    Counter& operations;
    Counter& evicted;
    Series<Gauge>& entries;
    Series<Gauge>& bytes;
};

}  // namespace

void show_state_figures(observe::Registry& registry, const state::State& state) {
    // Shared because hooks are copied.
    registry.before_scrape([series = std::make_shared<StateSeries>(registry), &state] {
        const state::Figures figures = state.figures();
        series->degraded.set(figures.degraded ? 1 : 0);
        series->outages.raise_to(figures.outages);
        series->errors.raise_to(figures.errors);
        series->operations.raise_to(figures.operations);
        series->evicted.raise_to(figures.evicted);
        if (figures.entries) series->entries.only().set(static_cast<double>(*figures.entries));
        if (figures.bytes) series->bytes.only().set(static_cast<double>(*figures.bytes));
    });
}

}  // namespace postern
