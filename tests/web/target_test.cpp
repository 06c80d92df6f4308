#include "web/server/target.hpp"

#include <gtest/gtest.h>

namespace postern::web {
namespace {

TEST(Target, PathAndQueryAreDecoded) {
    const auto target = parse_target("/a%20b/c?text=x+y%26z&class=spam&empty=&bare");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/a b/c");
    const std::vector<Field> expected = {
        {"text", "x y&z"}, {"class", "spam"}, {"empty", ""}, {"bare", ""}};
    EXPECT_EQ(target->query, expected);
}

TEST(Target, PlusIsASpaceInTheQueryOnly) {
    EXPECT_EQ(parse_target("/a+b?c+d=e")->path, "/a+b");
    EXPECT_EQ(parse_target("/a+b?c+d=e")->query.at(0).first, "c d");
}

TEST(Target, WhatIsNotPlainlyAPathIsRefused) {
    const std::vector<std::pair<const char*, std::string>> cases = {
        {"empty", ""},
        {"absolute form", "https://localhost/"},
        {"asterisk form", "*"},
        {"dot segment", "/a/../b"},
        {"escaped dot segment", "/a/%2e%2e/b"},
        {"single dot", "/./a"},
        {"escaped slash", "/a%2fb"},
        {"escaped slash in upper case", "/a%2Fb"},
        {"backslash", "/a\\b"},
        {"empty segment", "/a//b"},
        {"two slashes in front", "//host/a"},
        {"half an escape", "/a%2"},
        {"no hexadecimal digits", "/a%zz"},
        {"NUL", "/a%00"},
        {"control character in the query", "/a?b=%0d%0a"},
        {"bad UTF-8", "/a%ff"},
        {"overlong UTF-8 slash", "/a%c0%af"},
        {"fragment", "/a#b"},
        {"raw space", "/a b"},
        {"raw byte above ASCII", "/\xc3\xa9"},
    };
    for (const auto& [title, text] : cases) {
        SCOPED_TRACE(title);
        EXPECT_FALSE(parse_target(text));
    }
}

TEST(Target, LimitsHoldAtTheirEdge) {
    const std::string longest = "/" + std::string(kMaxTarget - 1, 'a');
    EXPECT_TRUE(parse_target(longest));
    EXPECT_FALSE(parse_target(longest + "a"));
    std::string fields = "/?";
    for (std::size_t i = 0; i < kMaxQueryFields; ++i) fields += "a&";
    EXPECT_TRUE(parse_target(fields));
    EXPECT_FALSE(parse_target(fields + "a"));
}

}  // namespace
}  // namespace postern::web
