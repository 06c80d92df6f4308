#include "sandbox/quiet_heap.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t kPage = 4096;

using Block = std::unique_ptr<std::byte[]>;

Block block(std::size_t size) {
    return std::make_unique<std::byte[]>(size);
}

/// Pages in which so many new blocks begin.
std::size_t pages_of_new_blocks(std::size_t count, std::size_t size) {
    std::vector<Block> blocks;
    std::set<std::uintptr_t> pages;
    for (std::size_t i = 0; i < count; ++i) {
        blocks.push_back(block(size));
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): counted, never used
        pages.insert(reinterpret_cast<std::uintptr_t>(blocks.back().get()) / kPage);
    }
    return pages.size();
}

/// Blocks of a size; small ones have bins of their own in the allocator.
class QuietHeap : public ::testing::TestWithParam<std::size_t> {};

TEST_P(QuietHeap, NewMemoryComesFromOnePlaceHoweverScatteredTheFreeChunksAre) {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    constexpr std::size_t kCount = 200;
    constexpr std::size_t kGap = 64;
    const std::size_t size = GetParam();
    std::vector<Block> loaded(kCount * kGap);
    for (std::size_t i = 0; i < loaded.size(); ++i) loaded[i] = block(i % kGap == 0 ? size : 100);
    for (std::size_t i = 0; i < loaded.size(); i += kGap) loaded[i].reset();
    EXPECT_GT(pages_of_new_blocks(kCount, size), kCount / 4);
    quiet_heap();
    EXPECT_LT(pages_of_new_blocks(kCount, size), kCount * size / kPage + kCount / 10);
}

INSTANTIATE_TEST_SUITE_P(Sizes, QuietHeap, ::testing::Values(1, 24, 25, 40, 100, 1000, 1032, 2000));

TEST(GatheredHeap, WhatIsLargeIsPartOfTheHeapAndTheNextBlockBeginsAHugePage) {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    constexpr std::size_t kLarge = std::size_t{4} << 20;
    gather_heap();
    const Block large = block(kLarge);
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): compared, never used
    const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    const auto at = reinterpret_cast<std::uintptr_t>(large.get());
    EXPECT_LT(at, end);
    EXPECT_GT(at + (std::size_t{64} << 20), end) << "mapped by itself";
    quiet_heap();
    const Block next = block(100);
    const auto offset = reinterpret_cast<std::uintptr_t>(next.get()) % (std::size_t{2} << 20);
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    EXPECT_LT(offset, std::size_t{64} << 10) << "not at the beginning of a huge page";
}

}  // namespace
}  // namespace postern::sandbox
