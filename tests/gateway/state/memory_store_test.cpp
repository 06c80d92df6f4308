#include "gateway/state/memory_store.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kRoom = std::uint64_t{1} << 20;

std::string numbered(const char* kind, int i) {
    return std::string(kind) + ':' + std::to_string(i);
}

TEST(MemoryStore, StaysWithinItsBytes) {
    ManualClock clock;
    Alarms alarms;
    MemoryStore store(kRoom, clock.clock(), alarms.sink());
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_TRUE(store.put(numbered("grey", i), std::string(100, 'v'), hours(24)));
        EXPECT_LE(store.figures().bytes.value_or(kRoom + 1), kRoom);
    }
    const Figures figures = store.figures();
    EXPECT_GT(*figures.bytes, kRoom * 9 / 10);
    EXPECT_EQ(figures.evicted + *figures.entries, 10'000U);
}

TEST(MemoryStore, CountsAnEntryAsItsKeyItsValueAndAFixedPart) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    ASSERT_TRUE(store.put("a:12", "123456", hours(1)));
    EXPECT_EQ(store.figures().bytes, 10U + MemoryStore::kOverhead);
    ASSERT_TRUE(store.put("a:12", "1", hours(1)));
    EXPECT_EQ(store.figures().bytes, 5U + MemoryStore::kOverhead);
    EXPECT_EQ(store.add("a:12", 99, hours(1)).value_or(0), 100);
    EXPECT_EQ(store.figures().bytes, 7U + MemoryStore::kOverhead);
    ASSERT_TRUE(store.remove("a:12"));
    EXPECT_EQ(store.figures().bytes, 0U);
}

TEST(MemoryStore, WhatEndsFirstGoesFirst) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    // Those that end late come first, so that age is not what decides.
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(store.put(numbered("a", i), "late", hours(48)));
    for (int i = 1000; i < 20'000; ++i) ASSERT_TRUE(store.put(numbered("a", i), "soon", hours(1)));
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(*store.get(numbered("a", i)), "late") << i;
    }
    EXPECT_GT(store.figures().evicted, 0U);
}

TEST(MemoryStore, AFloodOfOneKindDoesNotPushOutAnother) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(store.put(numbered("ban", i), "x", hours(1)));
    for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(store.put(numbered("grey", i), "x", hours(24)));
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(store.get(numbered("ban", i)).value_or({})) << i;
}

TEST(MemoryStore, KindsBeyondTheBoundShareARoom) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    for (int i = 0; i < 20'000; ++i) {
        ASSERT_TRUE(store.put("k" + std::to_string(i) + ":x", "v", hours(1)));
    }
    EXPECT_LE(store.figures().bytes.value_or(kRoom + 1), kRoom);
}

TEST(MemoryStore, WhatHasEndedIsClearedAwayByWhatIsWritten) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(store.put(numbered("a", i), "x", seconds(1)));
    clock.advance(seconds(2));
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(store.put(numbered("b", i), "x", hours(1)));
    EXPECT_EQ(store.figures().entries, 2000U);
    EXPECT_EQ(store.figures().evicted, 0U);
}

TEST(MemoryStore, TellsOnceAMinuteThatItIsFull) {
    ManualClock clock;
    Alarms alarms;
    MemoryStore store(kRoom, clock.clock(), alarms.sink());
    const auto fill = [&] {
        for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(store.put(numbered("a", i), "x", hours(1)));
    };
    fill();
    fill();
    EXPECT_EQ(alarms.count(Alarm::Kind::Full), 1U);
    EXPECT_NE(alarms.text(Alarm::Kind::Full).find("1048576 bytes"), std::string::npos);
    clock.advance(minutes(1));
    fill();
    EXPECT_EQ(alarms.count(Alarm::Kind::Full), 2U);
}

TEST(MemoryStore, ClearForgetsEverything) {
    ManualClock clock;
    MemoryStore store(kRoom, clock.clock(), nullptr);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(store.put(numbered("a", i), "x", hours(1)));
    store.clear();
    EXPECT_EQ(store.figures().entries, 0U);
    EXPECT_EQ(store.figures().bytes, 0U);
    EXPECT_FALSE(store.get("a:1").value_or("x"));
}

}  // namespace
}  // namespace postern::state
