#include "gateway/net/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace postern::net {
namespace {

TEST(Pool, TakesAsManyJobsAsThreadsAndPlacesToWait) {
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    std::atomic<int> done = 0;
    const auto job = [gone, &done] {
        gone.wait();
        ++done;
    };
    Pool pool(2, 3);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.submit(job)) << i;
    EXPECT_FALSE(pool.submit(job));
    EXPECT_TRUE(pool.submit_unbounded(job));
    go.set_value();
    pool.stop();
    EXPECT_EQ(done, 6) << "jobs that wait are run before the end";
    EXPECT_FALSE(pool.submit(job));
    EXPECT_FALSE(pool.submit_unbounded(job));
}

TEST(Pool, SurvivesWhatEscapesAJob) {
    std::atomic<int> bugs = 0;
    std::atomic<int> done = 0;
    Pool pool(1, 10, [&bugs] { ++bugs; });
    EXPECT_TRUE(pool.submit([] { throw std::runtime_error("on purpose"); }));
    EXPECT_TRUE(pool.submit([&done] { ++done; }));
    pool.stop();
    EXPECT_EQ(bugs, 1);
    EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace postern::net
