#include "gateway/auth/dkim/tag_list.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "gateway/auth/dkim/quoted_printable.hpp"

namespace postern::auth::dkim {
namespace {

/// "name=value|name=value", or the error.
std::string read(const std::string& text) {
    const auto list = TagList::parse(text);
    if (!list) {
        constexpr const char* kNames[] = {"empty", "bad tag", "bad value", "duplicate"};
        return kNames[static_cast<std::size_t>(list.error())];
    }
    std::string told;
    for (const Tag& tag : list->tags()) {
        told += (told.empty() ? "" : "|") + std::string(tag.name) + "=" + without_blanks(tag.value);
    }
    return told;
}

TEST(TagList, IsStrict) {
    struct Case {
        const char* title;
        std::string text;
        std::string told;
    };
    using namespace std::string_literals;
    const Case cases[] = {
        {"plain", "a=1; b=2", "a=1|b=2"},
        {"semicolon at the end", "a=1;", "a=1"},
        {"blanks behind it", "a=1; \r\n\t", "a=1"},
        {"blanks everywhere", " a = 1 ;\r\n\tb\t=\r\n 2 ", "a=1|b=2"},
        {"a fold inside a value", "b=AB\r\n CD", "b=ABCD"},
        {"an equals sign in a value", "b=AB==", "b=AB=="},
        {"an empty value", "p=", "p="},
        {"two semicolons", "a=1;; b=2", "bad tag"},
        {"two semicolons at the end", "a=1;;", "bad tag"},
        {"semicolon in front", "; a=1", "bad tag"},
        {"no equals sign", "a=1; b", "bad tag"},
        {"no name", "=1", "bad tag"},
        {"a name with a dash", "a-b=1", "bad tag"},
        {"a name with a digit in front", "1a=1", "bad tag"},
        {"a name with underscore and digit", "a_1=x", "a_1=x"},
        {"a blank in a name", "a b=1", "bad tag"},
        {"twice", "a=1; a=1", "duplicate"},
        {"twice, far apart", "a=1; b=2; c=3; a=4", "duplicate"},
        {"names are case-sensitive", "a=1; A=2", "a=1|A=2"},
        {"a control character", "a=\x01", "bad value"},
        {"NUL", "a=x\0y"s, "bad value"},
        {"DEL", "a=\x7f", "bad value"},
        {"UTF-8 (RFC 8616)", "i=\xc3\xa4@x", "i=\xc3\xa4@x"},
        {"nothing", "", "empty"},
        {"blanks", " \r\n ", "bad tag"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(read(c.text), c.told);
    }
}

TEST(TagList, TellsWhereValuesStand) {
    const std::string text = "a=1; b = AB CD ;c=3";
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list);
    const Tag* tag = list->find("b");
    ASSERT_NE(tag, nullptr);
    EXPECT_EQ(text.substr(tag->begin, tag->end - tag->begin), " AB CD ");
    EXPECT_EQ(list->find("B"), nullptr);
}

TEST(TagList, ReadsDecimals) {
    EXPECT_EQ(decimal("0", 12), 0U);
    EXPECT_EQ(decimal("18446744073709551615", 76), 18446744073709551615U);
    EXPECT_EQ(decimal("18446744073709551616", 76), 18446744073709551615U) << "saturates";
    EXPECT_EQ(decimal("123456789012", 12), 123456789012U);
    EXPECT_EQ(decimal("1234567890123", 12), std::nullopt) << "one digit too many";
    for (const char* text : {"", "-1", "+1", "1 ", "0x1", "1.0"}) {
        EXPECT_EQ(decimal(text, 12), std::nullopt) << text;
    }
}

TEST(DkimQuotedPrintable, DecodesAndCleans) {
    EXPECT_EQ(decode_quoted_printable("jlong=40example.org"), "jlong@example.org");
    EXPECT_EQ(decode_quoted_printable("a =3D\r\n b"), "a=b");
    EXPECT_EQ(decode_quoted_printable("a=0Db=00"), "a?b?");
    EXPECT_EQ(decode_quoted_printable("a=4"), std::nullopt);
    EXPECT_EQ(decode_quoted_printable("a=4G"), std::nullopt);
}

TEST(DkimBase64, IsReadAsEverybodyReadsIt) {
    const struct {
        const char* text;
        std::optional<std::string> bytes;
    } cases[] = {
        {"", ""},
        {"Zm9v", "foo"},
        {" Zm\r\n\t9v ", "foo"},
        {"Zm8=", "fo"},
        {"Zm8", "fo"},
        {"Zm9=", "fo"},
        {"Zg==", "f"},
        {"Zh==", "f"},
        {"Z g = =", "f"},
        {"Z", std::nullopt},
        {"Zm9vZ", std::nullopt},
        {"Zm9!", std::nullopt},
        {"Zm=v", std::nullopt},
        {"====", std::nullopt},
        {"Zm9-", std::nullopt},
    };
    for (const auto& c : cases) EXPECT_EQ(base64_value(c.text), c.bytes) << c.text;
}

}  // namespace
}  // namespace postern::auth::dkim
