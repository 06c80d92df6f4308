/// @file What all three stores promise, tested on all three; Redis is a real one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <thread>

#include "gateway/state/memory_store.hpp"
#include "gateway/state/open_state.hpp"
#include "gateway/state/sqlite/store.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

enum class Kind { Memory, Sqlite, Redis };

class Store : public testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        OpenOptions options;
        options.clock = clock_.clock();
        options.timeout = seconds(10);  // of a machine under load; time-outs are tested elsewhere
        options.file_timeout = seconds(30);
        std::string url = "memory:";
        if (GetParam() == Kind::Sqlite) url = "sqlite://" + folder_.file("state.db");
        if (GetParam() == Kind::Redis) url = redis_.emplace().url();
        auto opened = open_store(url, options, nullptr);
        ASSERT_TRUE(opened) << opened.error().detail;
        state_ = std::move(opened).value();
    }

    /// Lets time pass: by hand, or really where the store has a clock of its own.
    void pass(seconds time) {
        clock_.advance(time);
        if (GetParam() == Kind::Redis) std::this_thread::sleep_for(time);
    }

    std::optional<std::string> get(std::string_view key) {
        const auto value = state_->get(key);
        EXPECT_TRUE(value);
        return value ? *value : std::nullopt;
    }

    ManualClock clock_;
    TemporaryFolder folder_;
    std::optional<RedisServer> redis_;
    std::unique_ptr<State> state_;
};

template <class T>
bool is_misuse(const Outcome<T, StateError>& outcome) {
    return !outcome && outcome.error().fault == StateFault::Misuse;
}

TEST_P(Store, KeepsBytesAsTheyAre) {
    const std::string all = [] {
        std::string bytes;
        for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
        return bytes;
    }();
    EXPECT_EQ(get("kind:none"), std::nullopt);
    for (const std::string& value :
         {std::string(), std::string("text"), all, std::string("\0", 1)}) {
        ASSERT_TRUE(state_->put("kind:" + all, value, hours(1)));
        EXPECT_EQ(get("kind:" + all), value);
    }
}

TEST_P(Store, PutReplacesValueAndLife) {
    ASSERT_TRUE(state_->put("a:1", "old", seconds(1)));
    ASSERT_TRUE(state_->put("a:1", "new", hours(1)));
    ASSERT_TRUE(state_->put("a:2", "old", hours(1)));
    ASSERT_TRUE(state_->put("a:2", "new", seconds(1)));
    pass(seconds(2));
    EXPECT_EQ(get("a:1"), "new");
    EXPECT_EQ(get("a:2"), std::nullopt);
}

TEST_P(Store, PutIfAbsentKeepsWhatIsThere) {
    EXPECT_EQ(state_->put_if_absent("a:1", "first", seconds(1)).value_or("?"), "first");
    EXPECT_EQ(state_->put_if_absent("a:1", "second", hours(1)).value_or("?"), "first");
    pass(seconds(2));
    EXPECT_EQ(state_->put_if_absent("a:1", "third", hours(1)).value_or("?"), "third");
    ASSERT_TRUE(state_->put("a:2", "", hours(1)));
    EXPECT_EQ(state_->put_if_absent("a:2", "full", hours(1)).value_or("?"), "");
}

TEST_P(Store, RemoveTellsWhetherThereWasAnything) {
    ASSERT_TRUE(state_->put("a:1", "x", hours(1)));
    EXPECT_TRUE(state_->remove("a:1").value_or(false));
    EXPECT_FALSE(state_->remove("a:1").value_or(true));
    EXPECT_EQ(get("a:1"), std::nullopt);
    ASSERT_TRUE(state_->put("a:1", "x", seconds(1)));
    pass(seconds(2));
    EXPECT_FALSE(state_->remove("a:1").value_or(true));
}

TEST_P(Store, CountersEndTheirWindowAfterTheFirstAddition) {
    EXPECT_EQ(state_->add("n:1", 2, seconds(2)).value_or(-1), 2);
    EXPECT_EQ(state_->add("n:1", 3, hours(1)).value_or(-1), 5);
    EXPECT_EQ(get("n:1"), "5");
    EXPECT_EQ(state_->add("n:2", -7, hours(1)).value_or(0), -7);
    pass(seconds(3));
    EXPECT_EQ(state_->add("n:1", 1, hours(1)).value_or(-1), 1);
    EXPECT_EQ(state_->add("n:2", 0, hours(1)).value_or(0), -7);
}

TEST_P(Store, AddingNothingMakesNothing) {
    EXPECT_EQ(state_->add("n:1", 0, hours(1)).value_or(-1), 0);
    EXPECT_EQ(get("n:1"), std::nullopt);
}

TEST_P(Store, AddAllAnswersInOrder) {
    ASSERT_TRUE(state_->add("n:2", 40, hours(1)));
    const std::vector<Addition> additions{
        {"n:1", 5, hours(1)}, {"n:2", 2, hours(1)}, {"n:3", 0, hours(1)}, {"n:1", 1, hours(1)}};
    const auto sums = state_->add_all(additions);
    ASSERT_TRUE(sums);
    EXPECT_EQ(*sums, (std::vector<std::int64_t>{5, 42, 0, 6}));
    EXPECT_EQ(state_->add_all({}).value_or({1}), std::vector<std::int64_t>{});
}

TEST_P(Store, CountersHold64Bits) {
    EXPECT_EQ(state_->add("n:1", kMost - 1, hours(1)).value_or(0), kMost - 1);
    EXPECT_EQ(state_->add("n:1", 1, hours(1)).value_or(0), kMost);
    EXPECT_TRUE(is_misuse(state_->add("n:1", 1, hours(1))));
    EXPECT_EQ(get("n:1"), std::to_string(kMost));
    EXPECT_EQ(state_->add("n:2", kLeast, hours(1)).value_or(0), kLeast);
    EXPECT_TRUE(is_misuse(state_->add("n:2", -1, hours(1))));
}

TEST_P(Store, RefusesToCountWhatIsNoCounter) {
    for (const char* value :
         {"", "x", "1x", " 1", "+1", "01", "-0", "1.5", "9223372036854775808"}) {
        SCOPED_TRACE(value);
        ASSERT_TRUE(state_->put("n:1", value, hours(1)));
        EXPECT_TRUE(is_misuse(state_->add("n:1", 1, hours(1))));
        EXPECT_TRUE(is_misuse(state_->add("n:1", 0, hours(1))));
        EXPECT_EQ(get("n:1"), value);
    }
    ASSERT_TRUE(state_->put("n:1", "41", hours(1)));
    EXPECT_EQ(state_->add("n:1", 1, hours(1)).value_or(0), 42);
}

TEST_P(Store, HoldsItsLimitsToTheByte) {
    const std::string key(kMaxKey, 'k');
    const std::string value(kMaxValue, 'v');
    ASSERT_TRUE(state_->put(key, value, kMaxLife));
    EXPECT_EQ(get(key), value);
    EXPECT_TRUE(is_misuse(state_->put(key, value + 'v', hours(1))));
    EXPECT_TRUE(is_misuse(state_->put(key + 'k', "", hours(1))));
    EXPECT_TRUE(is_misuse(state_->put("", "", hours(1))));
    EXPECT_TRUE(is_misuse(state_->put("a:1", "", seconds(0))));
    EXPECT_TRUE(is_misuse(state_->put("a:1", "", kMaxLife + seconds(1))));
    EXPECT_TRUE(is_misuse(state_->get(key + 'k')));
    EXPECT_TRUE(is_misuse(state_->remove(key + 'k')));
    EXPECT_TRUE(is_misuse(state_->put_if_absent(key + 'k', "", hours(1))));
    EXPECT_TRUE(is_misuse(state_->add(key + 'k', 1, hours(1))));
    EXPECT_TRUE(is_misuse(state_->add("n:1", 1, seconds(0))));
    EXPECT_TRUE(is_misuse(state_->add_all(std::vector<Addition>{{"", 1, hours(1)}})));
}

TEST_P(Store, ListsByThePrefixAndNothingElse) {
    const std::vector<std::string> keys{"ban:1", "ban:2",  "bam:3",  "ban",   "bao:4",
                                        "b*n:5", "b[an:6", "b\\n:7", "b?n:8", "\xff\xff:9"};
    for (const std::string& key : keys) ASSERT_TRUE(state_->put(key, "v" + key, hours(1)));
    ASSERT_TRUE(state_->put("ban:gone", "x", seconds(1)));
    pass(seconds(2));

    const auto list = [&](std::string_view prefix) {
        std::vector<std::pair<std::string, std::string>> found;
        const auto entries = state_->list(prefix, 100);
        EXPECT_TRUE(entries);
        if (!entries) return found;
        for (const Entry& entry : *entries) {
            EXPECT_GT(entry.left, seconds(3500));
            EXPECT_LE(entry.left, seconds(3600));
            found.emplace_back(entry.key, entry.value);
        }
        return found;
    };
    EXPECT_THAT(list("ban:"),
                UnorderedElementsAre(Pair("ban:1", "vban:1"), Pair("ban:2", "vban:2")));
    EXPECT_THAT(list("b*"), UnorderedElementsAre(Pair("b*n:5", "vb*n:5")));
    EXPECT_THAT(list("b["), UnorderedElementsAre(Pair("b[an:6", "vb[an:6")));
    EXPECT_THAT(list("b\\"), UnorderedElementsAre(Pair("b\\n:7", "vb\\n:7")));
    EXPECT_THAT(list("b?n"), UnorderedElementsAre(Pair("b?n:8", "vb?n:8")));
    EXPECT_THAT(list("\xff"), UnorderedElementsAre(Pair("\xff\xff:9", "v\xff\xff:9")));
    EXPECT_EQ(list("").size(), keys.size());
    EXPECT_EQ(state_->list("b", 3).value_or({}).size(), 3U);
}

TEST_P(Store, AddsUpWhatThreadsAddAtOnce) {
    constexpr int kThreads = 8;
    constexpr int kEach = 100;
    std::atomic<int> firsts{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    EXPECT_TRUE(state_->add("n:shared", 1, hours(1)));
                    const std::string mine = std::to_string(t);
                    const auto there =
                        state_->put_if_absent("race:" + std::to_string(i), mine, hours(1));
                    if (there && *there == mine) ++firsts;
                }
            });
        }
    }
    EXPECT_EQ(get("n:shared"), std::to_string(kThreads * kEach));
    EXPECT_EQ(firsts, kEach);  // each race has one winner
}

TEST_P(Store, CountsItsCalls) {
    const std::uint64_t before = state_->figures().operations;
    ASSERT_TRUE(state_->put("a:1", "x", hours(1)));
    EXPECT_EQ(get("a:1"), "x");
    const Figures figures = state_->figures();
    EXPECT_EQ(figures.operations, before + 2);
    EXPECT_EQ(figures.errors, 0U);
    EXPECT_FALSE(figures.degraded);
    if (GetParam() != Kind::Redis) {
        EXPECT_EQ(figures.entries, 1U);
    }
}

std::string kind_name(const testing::TestParamInfo<Kind>& chosen) {
    switch (chosen.param) {
        case Kind::Memory:
            return "Memory";
        case Kind::Sqlite:
            return "Sqlite";
        case Kind::Redis:
            return "Redis";
    }
    return "";
}

INSTANTIATE_TEST_SUITE_P(All, Store, testing::Values(Kind::Memory, Kind::Sqlite, Kind::Redis),
                         kind_name);

}  // namespace
}  // namespace postern::state
