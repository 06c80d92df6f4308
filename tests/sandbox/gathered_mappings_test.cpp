#include "sandbox/gathered_mappings.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sandbox/mappings.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t kPiece = 256 << 10;

/// Where new memory of this size is, written to; 0: nowhere.
std::uint64_t new_piece() {
    void* const memory =
        ::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    std::memset(memory, 7, kPiece);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): a place
    return reinterpret_cast<std::uint64_t>(memory);
}

/// One mapping holds [begin, end), to be read and written.
bool in_one_mapping(std::uint64_t begin, std::uint64_t end) {
    const std::vector<Mapping> all = mappings();
    return std::any_of(all.begin(), all.end(), [&](const Mapping& each) {
        return each.begin <= begin && end <= each.end && each.rights == "rw-p";
    });
}

TEST(GatheredMappings, PiecesLieTogetherAndFillWholeHugePages) {
    if (kSanitized) GTEST_SKIP() << "does nothing in sanitizer builds";
    constexpr std::size_t kPieces = 19;  // two huge pages and a part
    std::uint64_t end = 0;
    std::uint64_t lowest = ~std::uint64_t{0};
    {
        const GatheredMappings gathered;
        end = gathered.end();
        ASSERT_NE(end, 0U);
        EXPECT_EQ(end % kHugePage, 0U);
        for (std::size_t i = 0; i < kPieces; ++i) {
            const std::uint64_t piece = new_piece();
            ASSERT_NE(piece, 0U);
            if (piece >= end) GTEST_SKIP() << "this kernel maps upwards";
            EXPECT_EQ(piece, end - (i + 1) * kPiece);
            lowest = piece;
        }
    }
    ASSERT_NE(lowest % kHugePage, 0U);
    EXPECT_TRUE(in_one_mapping(huge_page_down(lowest), end));
    EXPECT_EQ(*static_cast<const char*>(memory_at(lowest)), 7);
    EXPECT_EQ(*static_cast<const char*>(memory_at(end - 1)), 7);
}

TEST(GatheredMappings, GivesTheHolesBack) {
    if (kSanitized) GTEST_SKIP() << "does nothing in sanitizer builds, which reserve memory too";
    const auto unusable = [] {
        std::uint64_t bytes = 0;
        for (const Mapping& each : mappings()) {
            if (each.rights == "---p" && each.inode == 0) bytes += each.end - each.begin;
        }
        return bytes;
    };
    const std::uint64_t before = unusable();
    { const GatheredMappings gathered; }
    EXPECT_EQ(unusable(), before);
}

}  // namespace
}  // namespace postern::sandbox
