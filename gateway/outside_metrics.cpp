#include "gateway/outside_metrics.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace postern {
namespace {

using observe::Counter;
using observe::Gauge;
using observe::Series;

std::vector<std::string> labels() {
    return {"route", "hop"};
}

struct HopSeries {
    explicit HopSeries(observe::Registry& registry)
        : up(registry.gauges(
              {"postern_next_hop_up", "0 while a next hop is not to be used.", labels()})),
          connections(registry.counters(
              {"postern_next_hop_connections_total", "Connections made to a next hop.", labels()})),
          reused(registry.counters({"postern_next_hop_reused_total",
                                    "Transactions on a connection that was kept.", labels()})),
          failures(registry.counters({"postern_next_hop_failures_total",
                                      "Times a next hop could not be used.", labels()})),
          messages(registry.counters({"postern_next_hop_messages_total",
                                      "Messages a next hop gave an answer to.", labels()})) {}

    void show(const relay::HopFigures& figures) {
        const auto raise = [&](Series<Counter>& series, std::uint64_t total) {
            series.with({figures.route, figures.hop}).raise_to(total);
        };
        up.with({figures.route, figures.hop}).set(figures.up ? 1 : 0);
        raise(connections, figures.counts.opened);
        raise(reused, figures.counts.reused);
        raise(failures, figures.failures);
        raise(messages, figures.messages);
    }

    Series<Gauge>& up;
    Series<Counter>& connections;
    Series<Counter>& reused;
    Series<Counter>& failures;
    Series<Counter>& messages;
};

double seconds_since_1970() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

struct DnsSeries {
    explicit DnsSeries(observe::Registry& registry)
        : waiting(registry.gauges({"postern_dns_waiting", "DNS questions without an answer yet."})
                      .only()),
          entries(
              registry.gauges({"postern_dns_cache_entries", "Answers in the DNS cache."}).only()),
          bytes(registry.gauges({"postern_dns_cache_bytes", "Bytes of the DNS cache."}).only()),
          hits(registry
                   .counters({"postern_dns_cache_hits_total", "DNS look-ups the cache answered."})
                   .only()) {}

    Gauge& waiting;
    Gauge& entries;
    Gauge& bytes;
    Counter& hits;
};

}  // namespace

HopWatch::HopWatch(observe::Registry& registry, observe::Log& log)
    : registry_(registry),
      log_(log),
      changed_(registry.gauges({"postern_next_hop_changed_timestamp_seconds",
                                "When the health of a next hop changed, since 1970; 0 means never.",
                                labels()})) {}

relay::NextHopSettings HopWatch::watched(relay::NextHopSettings settings) {
    settings.changed = [this](const relay::HopChange& change) { changed(change); };
    return settings;
}

void HopWatch::changed(const relay::HopChange& change) {
    changed_.with({change.route, change.hop}).set(seconds_since_1970());
    if (change.up) {
        log_.line(observe::Level::Info, "next_hop_up",
                  {{"route", change.route}, {"hop", change.hop}});
        return;
    }
    log_.line(observe::Level::Error, "next_hop_down",
              {{"route", change.route},
               {"hop", change.hop},
               {"detail", change.detail},
               {"pause_ms", change.pause.count()}});
}

void HopWatch::show(const relay::NextHop& next_hop) {
    // Made at once: a server that nobody has asked yet is shown as well.
    for (const relay::HopFigures& each : next_hop.figures()) {
        (void)changed_.with({each.route, each.hop});
    }
    // Shared because hooks are copied.
    registry_.before_scrape([series = std::make_shared<HopSeries>(registry_), &next_hop] {
        for (const relay::HopFigures& each : next_hop.figures()) series->show(each);
    });
}

void show_dns_load(observe::Registry& registry, const dns::Client& client) {
    registry.before_scrape([series = std::make_shared<DnsSeries>(registry), &client] {
        const dns::Client::Load load = client.load();
        series->waiting.set(static_cast<double>(load.waiting));
        series->entries.set(static_cast<double>(load.cached));
        series->bytes.set(static_cast<double>(load.cache_bytes));
        series->hits.raise_to(load.hits);
    });
}

}  // namespace postern
