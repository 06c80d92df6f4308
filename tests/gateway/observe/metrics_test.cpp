#include "gateway/observe/metrics.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <thread>

#include "gateway/observe/gateway_metrics.hpp"

namespace postern::observe {
namespace {

TEST(Metrics, AreWrittenInThePrometheusTextFormat) {
    Registry registry;
    registry.counters({"b_total", "Counts."}).only().add(3);
    auto& replies = registry.counters({"a_total", "By \\ and\nline.", {"stage", "code"}});
    replies.with({"rcpt", "550"}).add();
    replies.with({"a\"b\\c\nd", "\xff"}).add(2);
    registry.gauges({"c", "A gauge."}).only().set(1.5);
    auto& seconds = registry.histograms({"d_seconds", "Time.", {"stage"}}, {0.1, 1});
    for (const double value : {0.1, 0.5, 7.0}) seconds.with({"jail"}).observe(value);
    EXPECT_EQ(registry.text(),
              "# HELP a_total By \\\\ and\\nline.\n"
              "# TYPE a_total counter\n"
              "a_total{stage=\"a\\\"b\\\\c\\nd\",code=\"\xef\xbf\xbd\"} 2\n"
              "a_total{stage=\"rcpt\",code=\"550\"} 1\n"
              "# HELP b_total Counts.\n"
              "# TYPE b_total counter\n"
              "b_total 3\n"
              "# HELP c A gauge.\n"
              "# TYPE c gauge\n"
              "c 1.5\n"
              "# HELP d_seconds Time.\n"
              "# TYPE d_seconds histogram\n"
              "d_seconds_bucket{stage=\"jail\",le=\"0.1\"} 1\n"
              "d_seconds_bucket{stage=\"jail\",le=\"1\"} 2\n"
              "d_seconds_bucket{stage=\"jail\",le=\"+Inf\"} 3\n"
              "d_seconds_sum{stage=\"jail\"} 7.6\n"
              "d_seconds_count{stage=\"jail\"} 3\n");
}

TEST(Metrics, ThatAPeerCouldMultiplyAreCapped) {
    Registry registry;
    auto& series = registry.counters({"a_total", "x", {"code"}, 3});
    for (const char* code : {"1", "2", "3", "4", "1"}) series.with({code}).add();
    EXPECT_EQ(registry.text(),
              "# HELP a_total x\n# TYPE a_total counter\n"
              "a_total{code=\"1\"} 2\na_total{code=\"2\"} 1\na_total{code=\"other\"} 2\n");
    EXPECT_EQ(&series.with({"3"}), &series.with({"other"}));
    const std::string shared_start(250, 'x');  // a label is cut, too
    EXPECT_EQ(&series.with({shared_start + "a"}), &series.with({shared_start + "b"}));
}

TEST(Metrics, CountersOfWhatCountsItselfNeverFall) {
    Registry registry;
    Counter& counter = registry.counters({"postern_things_total", "Things."}).only();
    const struct {
        std::uint64_t total;
        std::uint64_t shown;
    } steps[] = {{0, 0}, {7, 7}, {7, 7}, {3, 7}, {9, 9}};
    for (const auto& step : steps) {
        counter.raise_to(step.total);
        EXPECT_EQ(counter.value(), step.shown) << step.total;
    }
}

TEST(Metrics, WithBadNamesAreProgrammingErrors) {
    Registry registry;
    for (const char* name : {"", "1a", "a-b", "a b"}) {
        SCOPED_TRACE(name);
        EXPECT_THROW(registry.counters({name, "x"}), std::invalid_argument);
    }
    for (const char* label : {"", "1a", "a:b", "__a", "le"}) {
        SCOPED_TRACE(label);
        EXPECT_THROW(registry.counters({"a", "x", {label}}), std::invalid_argument);
    }
    auto& series = registry.counters({"a", "x", {"one"}});
    EXPECT_THROW(static_cast<void>(series.with({})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(series.with({"1", "2"})), std::invalid_argument);
    EXPECT_THROW(registry.counters({"a", "again"}), std::invalid_argument);
    EXPECT_THROW(registry.histograms({"h", "x"}, {2, 1}), std::invalid_argument);
}

TEST(Metrics, HistogramBoundsAreInclusiveAndNaNIsLeftOut) {
    Histogram histogram({1, 2});
    for (const double value : {1.0, 1.5, 2.0, 2.5, -1.0}) histogram.observe(value);
    histogram.observe(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(histogram.snapshot().cumulative, (std::vector<std::uint64_t>{2, 4, 5}));
    EXPECT_EQ(histogram.snapshot().sum, 6.0);
}

TEST(Metrics, LoseNothingWhenManyThreadsAddWhileTheyAreRead) {
    constexpr int kThreads = 8;
    constexpr int kEach = 5000;
    Registry registry;
    auto& counters = registry.counters({"a_total", "x", {"thread"}});
    auto& all = registry.counters({"b_total", "x"}).only();
    auto& seconds = registry.histograms({"c_seconds", "x"}, {0.5}).only();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                for (int n = 0; n < kEach; ++n) {
                    counters.with({std::to_string(i % 2)}).add();
                    all.add();
                    seconds.observe(1);
                }
            });
        }
        for (int i = 0; i < 20; ++i) EXPECT_FALSE(registry.text().empty());
    }
    EXPECT_EQ(all.value(), std::uint64_t{kThreads * kEach});
    EXPECT_EQ(counters.with({"0"}).value(), std::uint64_t{kThreads / 2 * kEach});
    EXPECT_EQ(seconds.snapshot().cumulative.back(), std::uint64_t{kThreads * kEach});
    EXPECT_EQ(seconds.snapshot().sum, double{kThreads * kEach});
}

TEST(Metrics, AHookSetsGaugesBeforeEachScrape) {
    Registry registry;
    auto& gauge = registry.gauges({"a", "x"}).only();
    registry.before_scrape([&] { gauge.add(1); });
    EXPECT_NE(registry.text().find("\na 1\n"), std::string::npos);
    EXPECT_NE(registry.text().find("\na 2\n"), std::string::npos);
}

TEST(Metrics, OfTheGatewayHaveTheirDocumentedNames) {
    Registry registry;
    const GatewayMetrics metrics(registry);
    const std::string text = registry.text();
    for (const char* type :
         {"postern_smtp_connections_total counter", "postern_smtp_connections_open gauge",
          "postern_smtp_replies_total counter", "postern_messages_total counter",
          "postern_message_seconds histogram", "postern_stage_seconds histogram",
          "postern_finding_total counter", "postern_analyzer_errors_total counter",
          "postern_jail_workers gauge", "postern_signature_age_seconds gauge",
          "postern_quarantine_messages gauge", "postern_queue_messages gauge",
          "postern_dns_lookups_total counter", "postern_smtp_refused_total counter",
          "postern_smtp_overload gauge", "postern_smtp_overloads_total counter",
          "postern_smtp_tls_failed_total counter"}) {
        EXPECT_NE(text.find(std::string("# TYPE ") + type + "\n"), std::string::npos) << type;
    }
    metrics.smtp_replies.with({"rcpt", "550"}).add();
    metrics.messages.with({"deliver", "clean"}).add();
    metrics.analyzer_errors.with({"pdf", "timeout"}).add();
    const std::string counted = registry.text();
    EXPECT_NE(counted.find("postern_smtp_replies_total{stage=\"rcpt\",code=\"550\"} 1\n"),
              std::string::npos);
    EXPECT_NE(counted.find("postern_messages_total{action=\"deliver\",class=\"clean\"} 1\n"),
              std::string::npos);
    EXPECT_NE(counted.find("postern_analyzer_errors_total{analyzer=\"pdf\",code=\"timeout\"} 1\n"),
              std::string::npos);
    EXPECT_THROW(GatewayMetrics{registry}, std::invalid_argument);
}

}  // namespace
}  // namespace postern::observe
