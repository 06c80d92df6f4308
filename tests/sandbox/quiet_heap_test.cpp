#include "sandbox/quiet_heap.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kBlock = 100;

using Block = std::unique_ptr<std::byte[]>;

Block block() {
    return std::make_unique<std::byte[]>(kBlock);
}

/// Pages in which so many new blocks begin.
std::size_t pages_of_new_blocks(std::size_t count) {
    std::vector<Block> blocks;
    std::set<std::uintptr_t> pages;
    for (std::size_t i = 0; i < count; ++i) {
        blocks.push_back(block());
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): counted, never used
        pages.insert(reinterpret_cast<std::uintptr_t>(blocks.back().get()) / kPage);
    }
    return pages.size();
}

TEST(QuietHeap, NewMemoryComesFromOnePlaceHoweverScatteredTheFreeChunksAre) {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    constexpr std::size_t kCount = 200;
    constexpr std::size_t kGap = 64;
    std::vector<Block> loaded(kCount * kGap);
    for (Block& each : loaded) each = block();
    for (std::size_t i = 0; i < loaded.size(); i += kGap) loaded[i].reset();
    EXPECT_GT(pages_of_new_blocks(kCount), kCount / 2);
    quiet_heap();
    EXPECT_LT(pages_of_new_blocks(kCount), kCount / 10);
}

}  // namespace
}  // namespace postern::sandbox
