#include "gateway/state/rates.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/state/scripted_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMinute = 28'333'334 * std::int64_t{60};  // the beginning of one

class RatesTest : public testing::Test {
protected:
    RateAnswer count(const Rates& rates, Event event, const char* client, std::int64_t now,
                     std::int64_t amount = 1) {
        state_clock_.advance(std::chrono::milliseconds(1));
        const auto answer = rates.count(event, *mail::IpAddress::parse(client), now, amount);
        EXPECT_TRUE(answer);
        return answer ? *answer : RateAnswer{};
    }

    ManualClock state_clock_;
    ScriptedState state_{state_clock_.clock()};
    RateSettings settings_;
};

TEST_F(RatesTest, TheLimitItselfIsStillWithin) {
    settings_.address = {3, 0, 0, 0};
    settings_.network = {};
    const Rates rates(state_, settings_);
    for (int i = 1; i <= 3; ++i) {
        const RateAnswer answer = count(rates, Event::Connection, "192.0.2.7", kMinute);
        EXPECT_FALSE(answer.over);
        EXPECT_EQ(answer.count, i);
        EXPECT_EQ(answer.limit, 3U);
    }
    const RateAnswer answer = count(rates, Event::Connection, "192.0.2.7", kMinute);
    EXPECT_TRUE(answer.over);
    EXPECT_EQ(answer.detail, "4 connections of 192.0.2.7 in 60 s, limit 3");
    EXPECT_FALSE(count(rates, Event::Connection, "192.0.2.8", kMinute).over);
}

struct SlideCase {
    const char* title;
    std::int64_t later;    ///< seconds after a full minute of 60 events
    std::int64_t counted;  ///< with one more
};

TEST_F(RatesTest, TheWindowSlides) {
    const SlideCase cases[] = {
        {"same window", 59, 61},      {"next one begins", 60, 61}, {"a quarter on", 75, 46},
        {"half on", 90, 31},          {"nearly over", 119, 2},     {"over", 120, 1},
        {"long over", 10'000'000, 1},
    };
    for (const SlideCase& c : cases) {
        SCOPED_TRACE(c.title);
        ScriptedState state(state_clock_.clock());
        const Rates rates(state, settings_);
        static_cast<void>(count(rates, Event::Recipient, "192.0.2.7", kMinute, 60));
        EXPECT_EQ(count(rates, Event::Recipient, "192.0.2.7", kMinute + c.later).count, c.counted);
    }
}

TEST_F(RatesTest, ANetworkHasALimitOfItsOwn) {
    settings_.address = {10, 10, 10, 10};
    settings_.network = {20, 20, 20, 20};
    const Rates rates(state_, settings_);
    RateAnswer last;
    for (int i = 0; i < 21; ++i) {
        const std::string client = "192.0.2." + std::to_string(i);
        last = count(rates, Event::Message, client.c_str(), kMinute);
        EXPECT_EQ(last.over, i == 20);
    }
    EXPECT_EQ(last.scope, "192.0.2.0/24");
    EXPECT_EQ(last.detail, "21 messages of 192.0.2.0/24 in 60 s, limit 20");
    EXPECT_FALSE(count(rates, Event::Message, "192.0.3.1", kMinute).over);
}

TEST_F(RatesTest, OfIpv6TheNetworkIs56Bits) {
    settings_.network = {1, 0, 0, 0};
    const Rates rates(state_, settings_);
    EXPECT_FALSE(count(rates, Event::Connection, "2001:db8:0:100::1", kMinute).over);
    EXPECT_FALSE(count(rates, Event::Connection, "2001:db8:0:200::1", kMinute).over);
    const RateAnswer answer = count(rates, Event::Connection, "2001:db8:0:1ff::2", kMinute);
    EXPECT_TRUE(answer.over);
    EXPECT_EQ(answer.scope, "2001:db8:0:100::/56");
}

TEST_F(RatesTest, ZeroIsNoLimit) {
    settings_.address = {};
    settings_.network = {};
    const Rates rates(state_, settings_);
    const RateAnswer answer = count(rates, Event::Error, "192.0.2.7", kMinute, 1'000'000);
    EXPECT_FALSE(answer.over);
    EXPECT_EQ(answer.limit, 0U);
    EXPECT_EQ(answer.count, 1'000'000);
}

TEST_F(RatesTest, EventsAreCountedApart) {
    const Rates rates(state_, settings_);
    for (const Event event : {Event::Connection, Event::Message, Event::Recipient, Event::Error}) {
        EXPECT_EQ(count(rates, event, "192.0.2.7", kMinute).count, 1) << name(event);
    }
}

TEST_F(RatesTest, TheWindowsLengthIsASetting) {
    settings_.window = seconds(600);
    const Rates rates(state_, settings_);
    const std::int64_t start = kMinute / 600 * 600;
    static_cast<void>(count(rates, Event::Connection, "192.0.2.7", start, 20));
    EXPECT_EQ(count(rates, Event::Connection, "192.0.2.7", start + 599).count, 21);
    EXPECT_EQ(count(rates, Event::Connection, "192.0.2.7", start + 900).count, 11);
}

TEST_F(RatesTest, AStoreThatFailsIsAnError) {
    const Rates rates(state_, settings_);
    state_.fail(true);
    EXPECT_FALSE(rates.count(Event::Connection, *mail::IpAddress::parse("192.0.2.7"), kMinute));
}

}  // namespace
}  // namespace postern::state
