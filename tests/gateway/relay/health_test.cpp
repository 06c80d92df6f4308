#include "gateway/relay/health.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/relay/route.hpp"

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

TEST(Health, PausesLongerWithEachFailureAndForgetsThemAll) {
    Health health({.first_pause = 5s, .longest_pause = 15s});
    const Health::TimePoint start{};
    EXPECT_TRUE(health.up());
    EXPECT_TRUE(health.failed(start));
    EXPECT_FALSE(health.up());
    EXPECT_EQ(health.due() - start, 5s);
    EXPECT_FALSE(health.failed(start + 4s)) << "others met the same failure";
    EXPECT_EQ(health.due() - start, 5s);
    EXPECT_FALSE(health.failed(start + 5s)) << "the check failed";
    EXPECT_EQ(health.due() - start, 15s);
    EXPECT_FALSE(health.failed(start + 15s));
    EXPECT_EQ(health.due() - start, 30s) << "not longer than the longest";
    EXPECT_TRUE(health.worked());
    EXPECT_TRUE(health.up());
    EXPECT_FALSE(health.worked());
    EXPECT_TRUE(health.failed(start + 40s));
    EXPECT_EQ(health.due() - start, 45s);
}

TEST(Health, LetsSoManyTryAServerThatIsDown) {
    Health health({.tries_while_down = 2});
    EXPECT_TRUE(health.enter());
    EXPECT_TRUE(health.enter());
    EXPECT_FALSE(health.enter());
    health.leave();
    EXPECT_TRUE(health.enter());
}

HopSettings server(std::string host, std::uint16_t priority, std::uint16_t weight) {
    HopSettings made;
    made.host = std::move(host);
    made.priority = priority;
    made.weight = weight;
    made.tls.mode = TlsMode::None;
    return made;
}

std::string orders(RouteState& route, int times) {
    std::string told;
    for (int i = 0; i < times; ++i) {
        for (const Hop* hop : route.order()) told += hop->settings().host;
        told += ' ';
    }
    return told;
}

TEST(Route, TriesServersByPriorityWeightAndHealth) {
    const struct {
        std::string title;
        std::vector<HopSettings> hops;
        std::string down;
        std::string want;
    } cases[] = {
        {"one", {server("a", 10, 1)}, "", "a a a a "},
        {"one that is down", {server("a", 10, 1)}, "a", "a a a a "},
        {"priority, in whatever order",
         {server("b", 20, 1), server("a", 10, 1)},
         "",
         "ab ab ab ab "},
        {"equal shares", {server("a", 10, 1), server("b", 10, 1)}, "", "ab ba ab ba "},
        {"three to one", {server("a", 10, 3), server("b", 10, 1)}, "", "ab ab ba ab "},
        {"a reserve behind two",
         {server("a", 10, 1), server("b", 10, 1), server("c", 20, 9)},
         "",
         "abc bac abc bac "},
        {"down ones last", {server("a", 10, 1), server("b", 20, 1)}, "a", "ba ba ba ba "},
        {"all down, first due first",
         {server("a", 10, 1), server("b", 20, 1)},
         "ba",
         "ba ba ba ba "},
        {"shares of those that are up",
         {server("a", 10, 1), server("b", 10, 1), server("c", 10, 1)},
         "c",
         "abc bac abc bac "},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        HopShared shared;
        RouteState route({.hops = c.hops}, shared);
        for (const char name : c.down) {
            for (const auto& hop : route.hops()) {
                if (hop->settings().host.front() == name) hop->failed("as told by the test");
            }
        }
        EXPECT_EQ(orders(route, 4), c.want);
    }
}

TEST(Route, TellsOfEachChangeOnce) {
    std::vector<std::string> told;
    HopShared shared;
    shared.changed = [&](const HopChange& change) {
        told.push_back(change.route + " " + change.hop +
                       (change.up ? " up" : " down: " + change.detail));
    };
    RouteState route({.domains = {"a.test"}, .hops = {server("hop.test", 10, 1)}}, shared);
    Hop& hop = *route.hops().front();
    hop.worked();
    hop.failed("refused");
    hop.failed("refused");
    hop.worked();
    hop.worked();
    EXPECT_EQ(told, (std::vector<std::string>{"a.test hop.test:25 down: refused",
                                              "a.test hop.test:25 up"}));
    EXPECT_EQ(hop.figures().failures, 2U);
    EXPECT_TRUE(hop.figures().up);
}

}  // namespace
}  // namespace postern::relay
