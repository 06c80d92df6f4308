#include "sandbox/quiet_heap.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

long faults() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

TEST(FirstPages, AreThereBeforeTheyAreWritten) {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    constexpr std::size_t kPages = 24;
    take_first_pages(quiet_heap());
    const Block probe = block(kPage);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): a place
    const auto page = reinterpret_cast<std::uintptr_t>(probe.get()) / kPage * kPage;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (::madvise(reinterpret_cast<void*>(page), kPage, kPopulateWrite) != 0) {
        GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    }
    (void)faults();
    const long before = faults();
    const Block written = block(kPages * kPage);  // which clears it
    EXPECT_LE(faults() - before, 2);
}

TEST(QuietedHeap, WhatIsWrittenAfterwardsIsNotInAHugePageOfWhatWasLoaded) {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    gather_heap();
    const Block loaded = block(std::size_t{3} << 20);
    quiet_heap();
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): compared, never used
    const auto end = reinterpret_cast<std::uintptr_t>(loaded.get()) + (std::size_t{3} << 20);
    for (std::size_t size = 8; size < 1024; size += 16) {
        const Block each = block(size);
        EXPECT_GE(reinterpret_cast<std::uintptr_t>(each.get()) >> 21, ((end - 1) >> 21) + 1)
            << size;
    }
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
}

}  // namespace
}  // namespace postern::sandbox
