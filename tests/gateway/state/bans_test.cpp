#include "gateway/state/bans.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/gateway/state/scripted_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class BansTest : public testing::Test {
protected:
    /// Lets the bans' time and the store's pass together.
    void pass(seconds time) {
        now_ += time.count();
        clock_.advance(time);
    }
    static mail::IpAddress ip(const char* text) { return *mail::IpAddress::parse(text); }
    Offence offend(const Bans& bans, const char* client, double points) {
        const auto offence = bans.offend(ip(client), points, "a reason", now_);
        EXPECT_TRUE(offence);
        return offence ? *offence : Offence{};
    }
    bool banned(const Bans& bans, const char* client) {
        const auto ban = bans.find(ip(client), now_);
        EXPECT_TRUE(ban);
        return ban && ban->has_value();
    }

    ManualClock clock_;
    std::int64_t now_ = clock_.clock()() / 1000;
    ScriptedState state_{clock_.clock()};
    BanSettings settings_;
};

TEST_F(BansTest, TheThresholdBans) {
    const Bans bans(state_, settings_);
    for (int i = 1; i < 20; ++i) {
        const Offence offence = offend(bans, "192.0.2.7", 1);
        EXPECT_NEAR(offence.points, i, 0.01);
        EXPECT_FALSE(offence.ban);
    }
    EXPECT_FALSE(banned(bans, "192.0.2.7"));
    const Offence last = offend(bans, "192.0.2.7", 1);
    ASSERT_TRUE(last.ban);
    EXPECT_EQ(last.points, 0);
    EXPECT_EQ(last.ban->client.text(), "192.0.2.7/32");
    EXPECT_EQ(last.ban->reason, "a reason");
    EXPECT_EQ(last.ban->until, now_ + 3600);
    EXPECT_EQ(last.ban->times, 1);
    EXPECT_TRUE(banned(bans, "192.0.2.7"));
    EXPECT_FALSE(banned(bans, "192.0.2.8"));
    pass(hours(1) - seconds(1));
    EXPECT_TRUE(banned(bans, "192.0.2.7"));
    pass(seconds(1));
    EXPECT_FALSE(banned(bans, "192.0.2.7"));
}

struct FadeCase {
    const char* title;
    seconds later;
    double left;  ///< of 16 points
};

TEST_F(BansTest, PointsFadeByHalves) {
    const FadeCase cases[] = {
        {"at once", seconds(0), 16},
        {"half a half-life", hours(12), 11.3137},
        {"one", hours(24), 8},
        {"two", hours(48), 4},
        {"four", hours(96), 1},
        {"seven", hours(24 * 7), 0.125},
        {"so many that they are forgotten", hours(24 * 17), 0},
    };
    settings_.threshold = 100;
    // Wherever in its era the first offence is made.
    for (const int days : {0, 1, 3, 5, 7}) {
        for (const FadeCase& c : cases) {
            SCOPED_TRACE(c.title);
            SCOPED_TRACE(days);
            state_.inner().clear();
            const Bans bans(state_, settings_);
            pass(hours(24 * days));
            static_cast<void>(offend(bans, "192.0.2.7", 16));
            pass(c.later);
            EXPECT_NEAR(offend(bans, "192.0.2.7", 0).points, c.left, 0.01);
        }
    }
}

TEST_F(BansTest, FadedPointsDoNotBan) {
    const Bans bans(state_, settings_);
    for (int i = 0; i < 60; ++i) {  // 8 a day add up to 16 at most
        EXPECT_FALSE(offend(bans, "192.0.2.7", 8).ban) << i;
        pass(hours(24));
    }
}

TEST_F(BansTest, EachBanIsLongerUpToABound) {
    const Bans bans(state_, settings_);
    const std::int64_t expected[] = {1, 2, 4, 8, 16, 32, 64, 128, 168, 168};  // hours
    std::int64_t times = 0;
    for (const std::int64_t length : expected) {
        const Offence offence = offend(bans, "192.0.2.7", 20);
        ASSERT_TRUE(offence.ban);
        EXPECT_EQ(offence.ban->until - now_, length * 3600);
        EXPECT_EQ(offence.ban->times, ++times);
        pass(seconds(offence.ban->until - now_));
        EXPECT_FALSE(banned(bans, "192.0.2.7"));
    }
    pass(settings_.memory);
    EXPECT_EQ(offend(bans, "192.0.2.7", 20).ban->times, 1);  // forgiven
}

TEST_F(BansTest, OfIpv6AClientIs64Bits) {
    const Bans bans(state_, settings_);
    for (int i = 0; i < 20; ++i) {
        const std::string client = "2001:db8:0:1::" + std::to_string(i + 1);
        static_cast<void>(offend(bans, client.c_str(), 1));
    }
    EXPECT_TRUE(banned(bans, "2001:db8:0:1:ffff::"));
    EXPECT_FALSE(banned(bans, "2001:db8:0:2::1"));
}

TEST_F(BansTest, ThreadsThatReachTheThresholdTogetherMakeOneBan) {
    for (int round = 0; round < 20; ++round) {
        state_.inner().clear();
        const Bans bans(state_, settings_);
        std::atomic<int> firsts{0};
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 8; ++t) {
                threads.emplace_back([&] {
                    const auto offence = bans.offend(ip("192.0.2.7"), 20, "a reason", now_);
                    if (offence && offence->ban && offence->ban->times == 1) ++firsts;
                });
            }
        }
        EXPECT_EQ(firsts, 8);
        EXPECT_EQ(state_.inner().get("bans:192.0.2.7/32").value_or({}), "1");
    }
}

TEST_F(BansTest, ByHandListedAndLifted) {
    const Bans bans(state_, settings_);
    ASSERT_TRUE(bans.ban(ip("192.0.2.1"), hours(5), "by hand", now_));
    ASSERT_TRUE(bans.ban(ip("192.0.2.2"), hours(9), "bad \"words\"\r\n\x80", now_));
    ASSERT_TRUE(offend(bans, "2001:db8::1", 20).ban);
    const auto all = bans.list(now_);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3U);
    EXPECT_EQ((*all)[0].client.text(), "192.0.2.2/32");  // those that end last first
    EXPECT_EQ((*all)[0].reason, "bad \"words\"???");
    EXPECT_EQ((*all)[1].reason, "by hand");
    EXPECT_EQ((*all)[1].until, now_ + 5 * 3600);
    EXPECT_EQ((*all)[2].client.text(), "2001:db8::/64");
    EXPECT_EQ(bans.list(now_, 2).value_or({}).size(), 2U);

    EXPECT_TRUE(bans.lift(ip("2001:db8::ffff"), now_).value_or(false));
    EXPECT_FALSE(bans.lift(ip("2001:db8::ffff"), now_).value_or(true));
    EXPECT_FALSE(banned(bans, "2001:db8::1"));
    EXPECT_EQ(offend(bans, "2001:db8::1", 20).ban->times, 1);  // a clean sheet
    pass(hours(6));
    EXPECT_EQ(bans.list(now_).value_or({}).size(), 1U);
}

TEST_F(BansTest, LiftingForgetsPoints) {
    const Bans bans(state_, settings_);
    static_cast<void>(offend(bans, "192.0.2.7", 19));
    EXPECT_FALSE(bans.lift(ip("192.0.2.7"), now_).value_or(true));
    EXPECT_FALSE(offend(bans, "192.0.2.7", 19).ban);
}

TEST_F(BansTest, PointsAreWithinTheirRange) {
    settings_.threshold = 1e9;
    const Bans bans(state_, settings_);
    EXPECT_EQ(offend(bans, "192.0.2.7", -5).points, 0);
    EXPECT_NEAR(offend(bans, "192.0.2.7", 1e12).points, 1e6, 1);
}

TEST_F(BansTest, WhatIsNoBanIsNone) {
    const Bans bans(state_, settings_);
    for (const char* value : {"", "x", "1 2", "1 9999999999 1", "1 9999999999 1 x why"}) {
        ASSERT_TRUE(state_.put("ban:192.0.2.7/32", value, hours(1)));
        EXPECT_FALSE(banned(bans, "192.0.2.7")) << value;
    }
    ASSERT_TRUE(state_.put("ban:nonsense", "1 9999999999 1 1 why", hours(1)));
    EXPECT_EQ(bans.list(now_).value_or({}).size(), 0U);
    EXPECT_TRUE(offend(bans, "192.0.2.7", 20).ban);  // and does not stand in a ban's way
    EXPECT_TRUE(banned(bans, "192.0.2.7"));
}

TEST_F(BansTest, AStoreThatFailsIsAnError) {
    const Bans bans(state_, settings_);
    state_.fail(true);
    EXPECT_FALSE(bans.find(ip("192.0.2.7"), now_));
    EXPECT_FALSE(bans.offend(ip("192.0.2.7"), 1, "x", now_));
    EXPECT_FALSE(bans.ban(ip("192.0.2.7"), hours(1), "x", now_));
    EXPECT_FALSE(bans.lift(ip("192.0.2.7"), now_));
    EXPECT_FALSE(bans.list(now_));
}

}  // namespace
}  // namespace postern::state
