#include "gateway/state/resilient.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "gateway/state/bans.hpp"
#include "gateway/state/open_state.hpp"
#include "tests/gateway/state/scripted_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ResilientTest : public testing::Test {
protected:
    ResilientTest() {
        settings_.first_retry = milliseconds(5);
        settings_.last_retry = milliseconds(20);
    }
    std::unique_ptr<Resilient> make() {
        auto shared = std::make_unique<ScriptedState>(clock_.clock());
        shared_ = shared.get();
        auto local = std::make_unique<MemoryStore>(std::uint64_t{1} << 20, clock_.clock(), nullptr);
        return std::make_unique<Resilient>(std::move(shared), std::move(local), settings_,
                                           alarms_.sink(), [this] { ++reconnects_; });
    }

    ManualClock clock_;
    Alarms alarms_;
    ResilientSettings settings_;
    ScriptedState* shared_ = nullptr;
    std::atomic<int> reconnects_{0};
};

TEST_F(ResilientTest, UsesTheSharedStoreWhileItWorks) {
    const auto state = make();
    ASSERT_TRUE(state->put("a:1", "x", hours(1)));
    EXPECT_EQ(shared_->inner().get("a:1").value_or({}), "x");
    EXPECT_FALSE(state->figures().degraded);
}

TEST_F(ResilientTest, GivesUpAfterSoManyFailuresInARow) {
    settings_.failures = 3;
    settings_.first_retry = hours(1);
    const auto state = make();
    shared_->fail(true);
    for (int i = 1; i <= 2; ++i) EXPECT_TRUE(state->put("a:1", "x", hours(1)));
    shared_->fail(false);
    EXPECT_TRUE(state->get("a:1"));  // well in between: counted anew
    shared_->fail(true);
    for (int i = 1; i <= 2; ++i) EXPECT_TRUE(state->put("a:1", "x", hours(1)));
    EXPECT_FALSE(state->figures().degraded);
    EXPECT_TRUE(state->put("a:1", "x", hours(1)));
    EXPECT_TRUE(state->figures().degraded);
    EXPECT_EQ(state->figures().outages, 1U);
    EXPECT_EQ(alarms_.count(Alarm::Kind::Degraded), 1U);
    EXPECT_NE(alarms_.text(Alarm::Kind::Degraded).find("scripted failure"), std::string::npos);

    const auto asked = shared_->calls();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(state->get("a:1").value_or({}), "x");
    EXPECT_EQ(shared_->calls(), asked);  // a dead store costs nothing more
}

TEST_F(ResilientTest, AFailedCallIsAnsweredLocallyAtOnce) {
    const auto state = make();
    shared_->fail(true);
    EXPECT_EQ(state->add("n:1", 1, hours(1)).value_or(0), 1);
    EXPECT_EQ(state->add("n:1", 1, hours(1)).value_or(0), 2);
}

TEST_F(ResilientTest, MisuseIsTheCallersFaultAndNoOutage) {
    const auto state = make();
    for (int i = 0; i < 10; ++i) {
        const auto put = state->put(std::string(kMaxKey + 1, 'k'), "x", hours(1));
        ASSERT_FALSE(put);
        EXPECT_EQ(put.error().fault, StateFault::Misuse);
    }
    EXPECT_FALSE(state->figures().degraded);
}

TEST_F(ResilientTest, ReturnsWithWhatWasMadeMeanwhile) {
    settings_.failures = 1;
    const auto state = make();
    ASSERT_TRUE(state->put("ban:old", "shared", hours(1)));
    shared_->fail(true);
    ASSERT_TRUE(state->put("ban:new", "local", hours(1)));
    ASSERT_TRUE(state->put("ban:old", "local", hours(2)));
    ASSERT_TRUE(state->add("rate:x", 5, hours(1)));
    EXPECT_EQ(state->get("ban:old").value_or({}), "local");
    shared_->fail(false);
    ASSERT_TRUE(eventually([&] { return alarms_.count(Alarm::Kind::Recovered) == 1; }));
    EXPECT_GT(reconnects_, 0);
    EXPECT_FALSE(state->figures().degraded);
    EXPECT_EQ(state->get("ban:new").value_or({}), "local");
    EXPECT_EQ(state->get("ban:old").value_or({}), "shared");  // the shared store's word counts
    EXPECT_EQ(state->get("rate:x").value_or("?"), std::nullopt);
}

TEST_F(ResilientTest, EachOutageBeginsEmpty) {
    settings_.failures = 1;
    const auto state = make();
    for (int outage = 1; outage <= 3; ++outage) {
        shared_->fail(true);
        EXPECT_EQ(state->add("n:1", 1, hours(1)).value_or(0), 1) << outage;
        shared_->fail(false);
        const auto expected = static_cast<std::size_t>(outage);
        ASSERT_TRUE(eventually([&] { return alarms_.count(Alarm::Kind::Recovered) == expected; }));
    }
    EXPECT_EQ(state->figures().outages, 3U);
}

TEST_F(ResilientTest, WhatIsRemovedDuringAnOutageDoesNotComeBack) {
    settings_.failures = 1;
    const auto state = make();
    shared_->fail(true);
    ASSERT_TRUE(state->put("ban:1", "x", hours(1)));
    EXPECT_TRUE(state->remove("ban:1").value_or(false));
    shared_->fail(false);
    ASSERT_TRUE(eventually([&] { return alarms_.count(Alarm::Kind::Recovered) == 1; }));
    EXPECT_EQ(state->get("ban:1").value_or("?"), std::nullopt);
}

TEST_F(ResilientTest, EndsWhileDegraded) {
    settings_.first_retry = hours(1);
    const auto state = make();
    state->give_up("a test");
    EXPECT_TRUE(state->figures().degraded);
}  // the destructor does not wait for the retry

TEST_F(ResilientTest, ThreadsSeeNoErrorHoweverTheStoreFlaps) {
    settings_.failures = 1;
    settings_.first_retry = milliseconds(1);
    settings_.last_retry = milliseconds(2);
    const auto state = make();
    std::atomic<bool> ending{false};
    {
        std::vector<std::jthread> callers;
        for (int t = 0; t < 4; ++t) {
            callers.emplace_back([&, t] {
                while (!ending) {
                    EXPECT_TRUE(state->add("n:" + std::to_string(t), 1, hours(1)));
                    EXPECT_TRUE(state->put("ban:" + std::to_string(t), "x", hours(1)));
                    EXPECT_TRUE(state->remove("ban:" + std::to_string(t)));
                    EXPECT_TRUE(state->list("ban:", 10));
                }
            });
        }
        for (int i = 0; i < 40; ++i) {
            shared_->fail(i % 2 == 0);
            std::this_thread::sleep_for(milliseconds(2));
        }
        shared_->fail(false);
        EXPECT_TRUE(eventually([&] { return !state->figures().degraded; }));
        ending = true;
    }
    EXPECT_GT(state->figures().outages, 0U);
}

// ---- a real Redis that goes away and comes back

class Outage : public testing::Test {
protected:
    std::unique_ptr<State> open(milliseconds timeout = milliseconds(300)) {
        OpenOptions options;
        options.timeout = timeout;
        options.resilience.first_retry = milliseconds(20);
        options.resilience.last_retry = milliseconds(100);
        auto state = open_state(server_.url(), options, alarms_.sink());
        if (!state) ADD_FAILURE() << state.error().detail;
        return state ? std::move(state).value() : nullptr;
    }
    /// Uses the state until it is degraded, and sees no error while it gets there.
    void use_until_degraded(State& state) {
        EXPECT_TRUE(eventually([&] {
            EXPECT_TRUE(state.add("n:1", 1, hours(1)));
            return state.figures().degraded;
        }));
    }
    bool recovered(const State& state) {
        return eventually([&] { return !state.figures().degraded; });
    }

    RedisServer server_;
    Alarms alarms_;
};

TEST_F(Outage, KilledAndStartedAgain) {
    const auto state = open();
    ASSERT_TRUE(recovered(*state));
    ASSERT_TRUE(state->put("a:1", "x", hours(1)));
    server_.kill();
    use_until_degraded(*state);
    EXPECT_GE(alarms_.count(Alarm::Kind::Degraded), 1U);
    const auto now = std::int64_t{1'700'000'000};
    const auto client = *mail::IpAddress::parse("192.0.2.7");
    const Bans bans(*state, {});
    ASSERT_TRUE(bans.ban(client, hours(1), "during the outage", now));
    EXPECT_TRUE(bans.find(client, now).value_or({}));

    server_.start();
    ASSERT_TRUE(recovered(*state));
    ASSERT_TRUE(eventually([&] { return alarms_.count(Alarm::Kind::Recovered) >= 1; }));
    EXPECT_TRUE(bans.find(client, now).value_or({}));  // carried over
    const auto other = open();                         // another gateway sees it: it is in Redis
    EXPECT_TRUE(Bans(*other, {}).find(client, now).value_or({}));
}

TEST_F(Outage, StoppedServerCostsAFewTimeoutsAndNotOneACall) {
    const milliseconds timeout(300);
    const auto state = open(timeout);
    ASSERT_TRUE(recovered(*state));
    server_.pause();
    use_until_degraded(*state);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(state->add("n:2", 1, hours(1)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, timeout * 100);
    server_.resume();
    EXPECT_TRUE(recovered(*state));
}

TEST_F(Outage, AStartWithoutRedisBeginsDegradedWithAnAlarm) {
    server_.kill();
    const auto state = open();
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->figures().degraded);
    EXPECT_EQ(alarms_.count(Alarm::Kind::Degraded), 1U);
    EXPECT_TRUE(state->put("a:1", "x", hours(1)));
    server_.start();
    EXPECT_TRUE(recovered(*state));
}

}  // namespace
}  // namespace postern::state
