#include "gateway/mail/header_block.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/cpu_time.hpp"

namespace postern::mail {
namespace {

struct Field {
    std::string name;
    std::string raw;
    std::string unfolded;
    std::uint16_t flaws;

    friend bool operator==(const Field&, const Field&) = default;
};

std::ostream& operator<<(std::ostream& out, const Field& field) {
    return out << '{' << field.name << '|' << ::testing::PrintToString(field.raw) << '|'
               << field.unfolded << '|' << field.flaws << '}';
}

std::vector<Field> fields_of(const HeaderBlock& block) {
    std::vector<Field> fields;
    for (std::size_t i = 0; i < block.count(); ++i) {
        const HeaderField field = block[i];
        fields.push_back(
            {std::string(field.name), std::string(field.raw), field.unfolded(), field.flaws});
    }
    return fields;
}

struct Case {
    const char* title;
    std::string bytes;
    std::vector<Field> fields;
    std::size_t size;
    std::uint16_t block_flaws;
};

constexpr std::uint16_t bits(unsigned flaws) {
    return static_cast<std::uint16_t>(flaws);
}

TEST(HeaderBlock, CutsFields) {
    using namespace std::string_literals;
    const Case cases[] = {
        {"one field", "A: b\r\n\r\n", {{"A", "A: b\r\n", "b", 0}}, 8, 0},
        {"folded", "A: b\r\n\tc\r\n\r\nx", {{"A", "A: b\r\n\tc\r\n", "b\tc", 0}}, 12, 0},
        {"no blank behind the colon", "A:b\r\n\r\n", {{"A", "A:b\r\n", "b", 0}}, 7, 0},
        {"empty value", "A:\r\n\r\n", {{"A", "A:\r\n", "", 0}}, 6, 0},
        {"nothing", "", {}, 0, kNoEmptyLine},
        {"only the empty line", "\r\nA: b\r\n", {}, 2, 0},
        {"no empty line", "A: b\r\n", {{"A", "A: b\r\n", "b", 0}}, 6, kNoEmptyLine},
        {"no line end at all", "A: b", {{"A", "A: b", "b", 0}}, 4, kNoEmptyLine},
        {"blank before the colon",
         "From : b\r\n\r\n",
         {{"From", "From : b\r\n", "b", kBlankBeforeColon}},
         12,
         kBlankBeforeColon},
        {"no colon",
         "A: b\r\nnonsense\r\nC: d\r\n\r\n",
         {{"A", "A: b\r\n", "b", 0}, {"", "nonsense\r\n", "", kNoColon}, {"C", "C: d\r\n", "d", 0}},
         24,
         kNoColon},
        {"a colon in a fold is none",
         "nonsense\r\n x: y\r\n\r\n",
         {{"", "nonsense\r\n x: y\r\n", "", kNoColon}},
         19,
         kNoColon},
        {"starts folded",
         " From: a\r\nB: c\r\n\r\n",
         {{"", " From: a\r\n", "", bits(kNoColon | kStartsFolded)}, {"B", "B: c\r\n", "c", 0}},
         18,
         bits(kNoColon | kStartsFolded)},
        {"bare LF",
         "A: b\nC: d\n\nbody",
         {{"A", "A: b\n", "b", kBareLf}, {"C", "C: d\n", "d", kBareLf}},
         11,
         kBareLf},
        {"bare LF in the empty line only", "A: b\r\n\n", {{"A", "A: b\r\n", "b", 0}}, 7, kBareLf},
        {"bare CR hides no field",
         "A: b\rFrom: c\r\n\r\n",
         {{"A", "A: b\rFrom: c\r\n", "b\rFrom: c", kBareCr}},
         16,
         kBareCr},
        {"CR CR LF", "A: b\r\r\n\r\n", {{"A", "A: b\r\r\n", "b\r", kBareCr}}, 9, kBareCr},
        {"NUL", "A: b\0c\r\n\r\n"s, {{"A", "A: b\0c\r\n"s, "b\0c"s, kNul}}, 10, kNul},
        {"NUL in the name",
         "Fr\0om: c\r\n\r\n"s,
         {{"Fr\0om"s, "Fr\0om: c\r\n"s, "c", bits(kNul | kBadName)}},
         12,
         bits(kNul | kBadName)},
        {"empty name", ": b\r\n\r\n", {{"", ": b\r\n", "b", kBadName}}, 7, kBadName},
        {"above 127",
         "A: \xc3\xa4\r\n\r\n",
         {{"A", "A: \xc3\xa4\r\n", "\xc3\xa4", kEightBit}},
         9,
         kEightBit},
        {"a fold of blanks",
         "A: b\r\n \t\r\nC: d\r\n\r\n",
         {{"A", "A: b\r\n \t\r\n", "b", kBlankLine}, {"C", "C: d\r\n", "d", 0}},
         18,
         kBlankLine},
        {"mbox line",
         "From a@b.example Tue Nov 24 10:11:12 2026\r\nA: b\r\n\r\n",
         {{"From a@b.example Tue Nov 24 10", "From a@b.example Tue Nov 24 10:11:12 2026\r\n",
           "11:12 2026", kBadName},
          {"A", "A: b\r\n", "b", 0}},
         51,
         kBadName},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const HeaderBlock block(c.bytes);
        EXPECT_EQ(fields_of(block), c.fields);
        EXPECT_EQ(block.size(), c.size);
        EXPECT_EQ(block.flaws(), c.block_flaws);
    }
}

TEST(HeaderBlock, LongLineIsFlaggedAtItsEdge) {
    for (const std::size_t length : {998U, 999U}) {
        const std::string line = "A:" + std::string(length - 2, 'x') + "\r\n\r\n";
        EXPECT_EQ(HeaderBlock(line).flaws(), length > 998 ? kLongLine : 0);
    }
}

TEST(HeaderBlock, FindsByNameInAnyCaseButNotByOtherNames) {
    const HeaderBlock block("FROM: a\r\nfrom : b\r\nFrom\x01: c\r\nX-From: d\r\n\r\n");
    ASSERT_EQ(block.count("From"), 2U);
    EXPECT_EQ(block.all("from")[0].unfolded(), "a");
    EXPECT_EQ(block.all("from")[1].unfolded(), "b");
    EXPECT_EQ(block.count(""), 0U);
}

TEST(HeaderBlock, StopsAtTheLimitOfFields) {
    std::string bytes;
    for (int i = 0; i < 10; ++i) bytes += "A: b\r\n";
    bytes += "\r\n";
    EXPECT_EQ(HeaderBlock(bytes, 10).count(), 10U);
    EXPECT_EQ(HeaderBlock(bytes, 10).flaws(), kTooManyFields | kNoEmptyLine);
    EXPECT_EQ(HeaderBlock(bytes, 11).flaws(), 0);
}

/// The cost of a byte must not grow with the block: ten times the bytes, about ten times the time.
TEST(HeaderBlock, IsLinearInTheWorstShapes) {
    const auto cost = [](const std::string& bytes) {
        return tests::cpu_time_of([&] {
            const HeaderBlock block(bytes);
            EXPECT_LE(block.size(), bytes.size());
        });
    };
    const auto repeat = [](std::string_view text, std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) bytes += text;
        return bytes;
    };
    for (const std::string_view shape : {"a\n", "a:\n", " \n", "a:b\r\n c\r\n", ":", "\r"}) {
        SCOPED_TRACE(shape);
        const std::size_t small = std::size_t{64} << 10U;
        const auto one = cost(repeat(shape, small));
        const auto ten = cost(repeat(shape, 10 * small));
        EXPECT_LT(ten, 40 * one + std::chrono::milliseconds(50));
    }
}

}  // namespace
}  // namespace postern::mail
