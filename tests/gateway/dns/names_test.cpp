#include <gtest/gtest.h>

#include "analyzers/base/ascii.hpp"
#include "gateway/dns/wire_name.hpp"

namespace postern::dns {
namespace {

using namespace std::string_literals;

TEST(WireName, ReadsPresentationForm) {
    const std::string label63(63, 'a');
    const std::string longest =
        label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
    struct Case {
        const char* title;
        std::string text;
        std::optional<std::string> wire;
    };
    const Case cases[] = {
        {"two labels", "Ex.ORG", "\2ex\3org\0"s},
        {"a final dot", "ex.org.", "\2ex\3org\0"s},
        {"the root", ".", "\0"s},
        {"nothing is the root", "", "\0"s},
        {"an escaped dot", R"(a\.b.c)", "\3a.b\1c\0"s},
        {"an escaped backslash", R"(a\\.c)", "\2a\\\1c\0"s},
        {"a byte by number", R"(\000\255.c)", "\2\0\xff\1c\0"s},
        {"a letter by number is lower too", R"(\065.c)", "\1a\1c\0"s},
        {"a space", "a b.c", "\3a b\1c\0"s},
        {"a label of 63", label63, "\x3f" + label63 + "\0"s},
        {"a label of 64", label63 + "a", std::nullopt},
        {"an empty label", "a..b", std::nullopt},
        {"a dot in front", ".a", std::nullopt},
        {"two dots at the end", "a..", std::nullopt},
        {"a number of two digits", R"(\12)", std::nullopt},
        {"a number above 255", R"(\256)", std::nullopt},
        {"a backslash at the end", "a\\", std::nullopt},
        {"a control character", "a\tb", std::nullopt},
        {"a byte above 127", "\xc3\xa4", std::nullopt},
        {"255 bytes and one more", longest + "a", std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(wire_name(c.text), c.wire);
    }
    ASSERT_TRUE(wire_name(longest));
    EXPECT_EQ(wire_name(longest)->size(), kMaxNameBytes);
    EXPECT_EQ(wire_name(longest + "."), wire_name(longest));
}

TEST(WireName, TextParsesBack) {
    std::string every = "\2ex"s;
    for (int first = 0; first < 256; first += 32) {
        every += '\x20';
        for (int i = 0; i < 32; ++i) every += ascii_lower(static_cast<char>(first + i));
    }
    // Eight labels of 32 bytes are too many for one name: two halves.
    const std::string half = every.substr(3, 4 * 33) + '\0';
    const std::string other = every.substr(3 + 4 * 33) + '\0';
    for (const std::string& wire : {half, other}) {
        EXPECT_EQ(wire_name(name_text(wire)), wire);
        for (const char c : name_text(wire)) EXPECT_TRUE(c > ' ' && c < 127);
    }
    EXPECT_EQ(name_text("\4a_-b\3org\0"s), "a_-b.org");
    EXPECT_EQ(name_text("\0"s), "");
}

TEST(WireName, KnowsWhatStandsBelowWhat) {
    EXPECT_TRUE(is_within("\1a\3org\0"s, "\3org\0"s));
    EXPECT_TRUE(is_within("\3org\0"s, "\3org\0"s));
    EXPECT_TRUE(is_within("\3org\0"s, "\0"s));
    EXPECT_FALSE(is_within("\3org\0"s, "\1a\3org\0"s));
    EXPECT_FALSE(is_within("\4xorg\0"s, "\3org\0"s));
}

TEST(WireName, ReadsPacketsWithinBounds) {
    struct Case {
        const char* title;
        std::string packet;
        std::size_t at;
        std::optional<std::string> name;
        std::size_t then;
    };
    std::string ladder = "\1a\0"s;  // each step a label and a pointer to the step before
    std::size_t last = 0;
    for (int i = 0; i < 126; ++i) {
        const std::size_t here = ladder.size();
        ladder += "\1b"s + static_cast<char>(0xC0 | (last >> 8)) + static_cast<char>(last & 0xFF);
        last = here;
    }
    const Case cases[] = {
        {"plain, in lower case", "\2Ex\0rest"s, 0, "\2ex\0"s, 4},
        {"a pointer backwards", "\2ex\0\1a\xc0\0rest"s, 4, "\1a\2ex\0"s, 8},
        {"a pointer to itself", "\xc0\0"s, 0, std::nullopt, 0},
        {"a pointer forwards", "\xc0\2\0"s, 0, std::nullopt, 0},
        {"pointers in a ring", "\1a\xc0\4\1b\xc0\0"s, 4, std::nullopt, 0},
        {"half a pointer", "\0\xc0"s, 1, std::nullopt, 0},
        {"a label past the end", "\5abc"s, 0, std::nullopt, 0},
        {"no end", "\1a\1b"s, 0, std::nullopt, 0},
        {"a label type nobody uses", "\x41zz\0"s, 0, std::nullopt, 0},
        {"nothing", ""s, 0, std::nullopt, 0},
        {"254 bytes by pointers", ladder, last, std::string(), last + 4},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        std::size_t at = c.at;
        const auto name = read_name(as_bytes(c.packet), at);
        ASSERT_EQ(name.has_value(), c.name.has_value());
        if (!name) continue;
        EXPECT_EQ(at, c.then);
        if (!c.name->empty()) {
            EXPECT_EQ(*name, *c.name);
        }
        EXPECT_LE(name->size(), kMaxNameBytes);
    }
    std::size_t at = ladder.size();
    ladder += "\1b"s + static_cast<char>(0xC0 | (last >> 8)) + static_cast<char>(last & 0xFF);
    EXPECT_FALSE(read_name(as_bytes(ladder), at)) << "257 bytes";
}

}  // namespace
}  // namespace postern::dns
