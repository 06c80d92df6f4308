/// @file Every limit at its edge: one below passes in silence, one above is said.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzers/archive/analyzed.hpp"
#include "tests/support/zip_builder.hpp"

namespace postern::analyzers {
namespace {

using namespace testing_support;

std::string zip_of(std::size_t members, std::size_t size) {
    std::vector<ZipPart> parts;
    for (std::size_t i = 0; i < members; ++i) {
        parts.push_back(zip_part(std::to_string(i), std::string(size, 'x'), false));
    }
    return ZipBuilder::build(parts);
}

TEST(ArchiveLimits, BytesInAll) {
    Limits limits;
    limits.bytes = 3000;
    EXPECT_TRUE(analyze_archive(zip_of(3, 1000), "zip", {}, limits).quiet());
    const Analyzed over = analyze_archive(zip_of(4, 1000), "zip", {}, limits);
    EXPECT_TRUE(over.hit(Limit::Bytes));
    EXPECT_EQ(over.analysis.children.size(), 4U);
    EXPECT_TRUE(over.analysis.children.back().bytes.empty());
}

TEST(ArchiveLimits, BytesOfOneObject) {
    Limits limits;
    limits.object_bytes = 1000;
    EXPECT_TRUE(analyze_archive(zip_of(2, 1000), "zip", {}, limits).quiet());
    const Analyzed over = analyze_archive(zip_of(2, 1001), "zip", {}, limits);
    EXPECT_TRUE(over.hit(Limit::Bytes));
}

TEST(ArchiveLimits, Names) {
    Limits limits;
    limits.names = 5;
    EXPECT_TRUE(analyze_archive(zip_of(5, 10), "zip", {}, limits).quiet());
    const Analyzed over = analyze_archive(zip_of(6, 10), "zip", {}, limits);
    EXPECT_TRUE(over.hit(Limit::Names));
    EXPECT_EQ(over.analysis.children.size(), 5U);
}

TEST(ArchiveLimits, RatioOfABomb) {
    Limits limits;
    limits.ratio = 100;
    const std::string bomb = ZipBuilder::build({zip_part("zeros", std::string(8 << 20, '\0'))});
    const Analyzed over = analyze_archive(bomb, "zip", {}, limits);
    EXPECT_TRUE(over.hit(Limit::Ratio));
    ASSERT_EQ(over.analysis.children.size(), 1U);
    EXPECT_LT(over.analysis.children.front().bytes.size(), std::size_t{2} << 20);
    limits.ratio = 2000;
    EXPECT_TRUE(analyze_archive(bomb, "zip", {}, limits).quiet());
}

TEST(ArchiveLimits, Time) {
    Budget budget(Limits{}, Budget::Clock::now() - std::chrono::hours(1));
    const std::string file = zip_of(3, 10);
    Artifact artifact{};
    artifact.bytes = as_bytes(file);
    artifact.type = "zip";
    const Analyzed late{archive_analyze(artifact, budget)};
    EXPECT_TRUE(late.hit(Limit::Time));
    EXPECT_TRUE(late.analysis.children.empty());
}

TEST(ArchiveLimits, OneHitEndsTheContainer) {
    Limits limits;
    limits.object_bytes = 100;
    const Analyzed over = analyze_archive(zip_of(50, 101), "zip", {}, limits);
    EXPECT_EQ(over.analysis.limits.size(), 1U);
    EXPECT_EQ(over.analysis.children.size(), 1U);
    EXPECT_THAT(over.analysis.children.front().flags, ::testing::ElementsAre("truncated"));
}

}  // namespace
}  // namespace postern::analyzers
