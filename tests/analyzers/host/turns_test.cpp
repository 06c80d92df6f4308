#include "analyzers/host/turns.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace postern::host {
namespace {

using namespace std::chrono_literals;

TEST(Turns, LetInNoMoreThanThereArePlaces) {
    Turns turns(2);
    const auto now = Turns::Clock::now();
    EXPECT_TRUE(turns.enter(now));
    EXPECT_TRUE(turns.enter(now));
    EXPECT_FALSE(turns.enter(now));
    turns.leave();
    EXPECT_TRUE(turns.enter(now));
    EXPECT_EQ(turns.waiting(), 0U);
}

TEST(Turns, AreGivenInTheOrderOfArrival) {
    Turns turns(1);
    ASSERT_TRUE(turns.enter(Turns::Clock::now()));
    std::vector<int> order;
    std::vector<std::jthread> callers;
    for (int i = 0; i < 5; ++i) {
        callers.emplace_back([&turns, &order, i] {
            if (!turns.enter(Turns::Clock::now() + 60s)) return;
            order.push_back(i);  // one place: no other caller is here
            turns.leave();
        });
        while (turns.waiting() != static_cast<std::uint32_t>(i) + 1) std::this_thread::yield();
    }
    turns.leave();
    callers.clear();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Turns, SomebodyWhoGaveUpIsPassedOver) {
    Turns turns(1);
    ASSERT_TRUE(turns.enter(Turns::Clock::now()));
    EXPECT_FALSE(turns.enter(Turns::Clock::now() + 1ms));
    EXPECT_EQ(turns.waiting(), 0U);
    turns.leave();
    EXPECT_TRUE(turns.enter(Turns::Clock::now()));
}

TEST(Turns, ManyThreadsNeverExceedThePlaces) {
    Turns turns(3);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 16; ++i) {
            callers.emplace_back([&] {
                for (int round = 0; round < 200; ++round) {
                    if (!turns.enter(Turns::Clock::now() + 60s)) continue;
                    const int here = ++inside;
                    int seen = most;
                    while (seen < here && !most.compare_exchange_weak(seen, here)) {
                    }
                    --inside;
                    turns.leave();
                }
            });
        }
    }
    EXPECT_LE(most, 3);
    EXPECT_GE(most, 1);
}

}  // namespace
}  // namespace postern::host
