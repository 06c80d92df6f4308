#include "gateway/transaction/errand.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace postern::transaction {
namespace {

TEST(Errand, IsDoneByAFreeThreadBesideItsOwner) {
    net::Pool pool(1, 10);
    std::promise<std::thread::id> begun;
    Errand errand(pool, [&] { begun.set_value(std::this_thread::get_id()); });
    // Nobody has asked for the result: another thread has come to it all the same.
    EXPECT_NE(begun.get_future().get(), std::this_thread::get_id());
    errand.finish();
}

TEST(Errand, IsDoneByItsOwnerWhenEveryThreadIsBusy) {
    net::Pool pool(1, 10);
    std::promise<void> release;
    ASSERT_TRUE(pool.submit([done = release.get_future().share()] { done.wait(); }));
    int times = 0;
    std::thread::id where;
    {
        Errand errand(pool, [&] {
            ++times;
            where = std::this_thread::get_id();
        });
        errand.finish();
    }
    release.set_value();
    pool.stop();
    EXPECT_EQ(times, 1) << "the pool finds it done";
    EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(Errand, IsDoneByItsOwnerWhenThePoolTakesNoMore) {
    net::Pool pool(1, 10);
    pool.stop();
    bool done = false;
    Errand errand(pool, [&] { done = true; });
    errand.finish();
    EXPECT_TRUE(done);
}

TEST(Errand, ThatNobodyHasBegunIsDroppedWithItsOwner) {
    net::Pool pool(1, 10);
    std::promise<void> release;
    ASSERT_TRUE(pool.submit([done = release.get_future().share()] { done.wait(); }));
    bool done = false;
    {
        const Errand errand(pool, [&] { done = true; });
    }
    release.set_value();
    pool.stop();
    EXPECT_FALSE(done);
}

TEST(Errand, ThatHasBegunIsWaitedFor) {
    net::Pool pool(1, 10);
    std::promise<void> begun;
    std::promise<void> release;
    std::atomic<bool> done = false;
    std::thread owner;
    {
        auto errand = std::make_unique<Errand>(pool, [&] {
            begun.set_value();
            release.get_future().wait();
            done = true;
        });
        begun.get_future().wait();
        owner = std::thread([&done, kept = std::move(errand)]() mutable {
            kept.reset();
            EXPECT_TRUE(done);
        });
    }
    release.set_value();
    owner.join();
}

TEST(Errand, AnExceptionComesOutWhereItIsAskedFor) {
    net::Pool pool(1, 10);
    Errand errand(pool, [] { throw std::runtime_error("no memory"); });
    EXPECT_THROW(errand.finish(), std::runtime_error);
}

}  // namespace
}  // namespace postern::transaction
