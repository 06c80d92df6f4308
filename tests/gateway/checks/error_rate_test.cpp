#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/checks/connection/limits.hpp"
#include "gateway/checks/options.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks::tests {
namespace {

using Words = std::vector<std::string>;

Options defaults_of(const Check& of) {
    Options all;
    for (const OptionKind& each : of.options) all.emplace(std::string(each.key), each.standard);
    return all;
}

struct Errors {
    const char* client;
    std::int64_t count;
};

/// The transaction counts errors with the settings of the check; the check only looks.
TEST(ErrorRate, RefusesBeyondTheLimitOfAddressOrNetwork) {
    const Words kRefused = {"RATE_EXCEEDED 421 4.7.0"};
    struct {
        const char* title;
        std::int64_t address;
        std::int64_t network;
        std::vector<Errors> errors;
        const char* comes;
        Words said;
    } const cases[] = {
        {"nobody erred", 3, 9, {}, "192.0.2.1", {}},
        {"as many as an address may", 3, 9, {{"192.0.2.1", 3}}, "192.0.2.1", {}},
        {"one more", 3, 9, {{"192.0.2.1", 4}}, "192.0.2.1", kRefused},
        {"one by one", 3, 9, {{"192.0.2.1", 3}, {"192.0.2.1", 1}}, "192.0.2.1", kRefused},
        {"another address of the network", 3, 9, {{"192.0.2.1", 4}}, "192.0.2.2", {}},
        {"as many as a network may", 9, 5, {{"192.0.2.1", 3}, {"192.0.2.2", 2}}, "192.0.2.9", {}},
        {"one more of it", 9, 5, {{"192.0.2.1", 3}, {"192.0.2.2", 3}}, "192.0.2.9", kRefused},
        {"another network", 9, 5, {{"192.0.2.1", 6}}, "192.0.3.1", {}},
        {"no limit of an address", 0, 9, {{"192.0.2.1", 9}}, "192.0.2.1", {}},
        {"no limit of a network", 3, 0, {{"192.0.2.1", 3}, {"192.0.2.2", 300}}, "192.0.2.1", {}},
        {"no limit at all", 0, 0, {{"192.0.2.1", 1000}}, "192.0.2.1", {}},
        {"IPv6: a /56 is one network",
         9,
         5,
         {{"2001:db8:0:1::1", 3}, {"2001:db8:0:2::1", 3}},
         "2001:db8:0:ff::1",
         kRefused},
        {"IPv6: the next /56", 9, 5, {{"2001:db8:0:1::1", 6}}, "2001:db8:0:100::1", {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        Bench bench;
        const Check& check_of = check("error_rate");
        Options options = defaults_of(check_of);
        options["address"] = c.address;
        options["network"] = c.network;
        const state::Rates rates(bench.state, error_rates(options));
        for (const Errors& each : c.errors) {
            ASSERT_TRUE(
                rates.count(state::Event::Error, address(each.client), bench.now, each.count));
        }
        Facts facts = ordinary();
        facts.connection.client = address(c.comes);
        EXPECT_EQ(words(bench.say(check_of, facts, options)), c.said);
        EXPECT_EQ(words(bench.say(check_of, facts, options)), c.said) << "looking counts nothing";
    }
}

/// A sliding window: what the last one held fades while this one lasts.
TEST(ErrorRate, ErrorsAreForgottenAfterTheirWindow) {
    struct {
        std::int64_t later;  ///< seconds, from the beginning of a window
        bool refused;
    } const cases[] = {{0, true}, {59, true}, {60, true}, {75, true}, {91, false}, {120, false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.later);
        Bench bench;
        bench.now -= bench.now % 60;
        const Options options = {{"address", std::int64_t{20}}, {"network", std::int64_t{0}}};
        Options all = defaults_of(check("error_rate"));
        all["network"] = std::int64_t{0};
        const state::Rates rates(bench.state, error_rates(all));
        ASSERT_TRUE(rates.count(state::Event::Error, ordinary().connection.client, bench.now, 40));
        bench.now += c.later;
        EXPECT_EQ(words(bench.say(check("error_rate"), ordinary(), options)).size(),
                  c.refused ? 1U : 0U);
    }
}

TEST(ErrorRate, AStoreThatCannotBeAskedLetsTheClientIn) {
    Bench bench;
    // No whole number where the counter is: a wrong call, as far as the store is concerned.
    const std::string window = std::to_string(bench.now / 60);
    ASSERT_TRUE(bench.state.put("rate:errors:198.51.100.7:" + window, "x", std::chrono::hours(1)));
    EXPECT_EQ(words(bench.say(check("error_rate"), ordinary())), Words{"CHECK_UNDECIDED"});
}

/// What the transaction adds for each kind of offence, up to the threshold and over it.
TEST(BanPoints, AddUpToABanAtTheThreshold) {
    struct {
        const char* offence;
        int harmless;  ///< so many times, and not once more
    } const cases[] = {
        {"early_talk", 4}, {"unknown_recipient", 19}, {"malware", 3}, {"error_rate", 3}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.offence);
        Bench bench;
        const Options options = defaults_of(check("banned"));
        const state::Bans bans(bench.state, ban_settings(options));
        const mail::IpAddress client = ordinary().connection.client;
        const double points = option<double>(options, c.offence);
        for (int i = 0; i < c.harmless; ++i) {
            ASSERT_TRUE(bans.offend(client, points, c.offence, bench.now));
        }
        EXPECT_EQ(words(bench.say(check("banned"), ordinary())), Words{});
        ASSERT_TRUE(bans.offend(client, points, c.offence, bench.now));
        EXPECT_EQ(words(bench.say(check("banned"), ordinary())), Words{"CLIENT_BANNED 421 4.7.0"});
    }
}

}  // namespace
}  // namespace postern::checks::tests
