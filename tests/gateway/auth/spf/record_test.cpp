#include "gateway/auth/spf/record.hpp"

#include <gtest/gtest.h>

namespace postern::auth::spf {
namespace {

struct RecordCase {
    const char* title;
    const char* text;
    bool valid;
};

const RecordCase kRecords[] = {
    {"nothing behind the version", "v=spf1", true},
    {"blanks at the end", "v=spf1 -all   ", true},
    {"any case", "V=SPF1 MX -ALL", true},
    {"all with an argument", "v=spf1 all:example.org", false},
    {"unknown mechanism", "v=spf1 moo -all", false},
    {"unknown modifier", "v=spf1 moo=cow -all", true},
    {"unknown modifier with a bad macro", "v=spf1 moo=%x -all", false},
    {"modifier name that begins with a digit", "v=spf1 1up=x", false},
    {"redirect twice", "v=spf1 redirect=a.org redirect=b.org", false},
    {"exp twice", "v=spf1 exp=a.org exp=b.org -all", false},
    {"empty exp", "v=spf1 exp= -all", false},
    {"error behind all", "v=spf1 -all ip4:nonsense", false},
    {"dual prefix", "v=spf1 a/24//64 mx:b.org/0//0 a//128", true},
    {"IPv4 prefix of 32", "v=spf1 ip4:192.0.2.1/32", true},
    {"IPv4 prefix of 33", "v=spf1 ip4:192.0.2.1/33", false},
    {"IPv6 prefix of 128", "v=spf1 ip6:2001:db8::/128", true},
    {"IPv6 prefix of 129", "v=spf1 ip6:2001:db8::/129", false},
    {"leading zero in a prefix", "v=spf1 a/024", false},
    {"empty prefix", "v=spf1 a:b.org/", false},
    {"prefix of ptr", "v=spf1 ptr:b.org/24", false},
    {"ip4 with an IPv6 address", "v=spf1 ip4:2001:db8::1", false},
    {"ip6 with an IPv4 address", "v=spf1 ip6:192.0.2.1", false},
    {"ip6 with a mapped address", "v=spf1 ip6:::ffff:192.0.2.1", true},
    {"include without a name", "v=spf1 include", false},
    {"domain of one label", "v=spf1 a:museum", false},
    {"top label of digits", "v=spf1 a:b.123", false},
    {"top label with a hyphen at its end", "v=spf1 a:b.org-", false},
    {"domain that ends in a macro", "v=spf1 a:%{h}", true},
    {"final dot", "v=spf1 a:b.org.", true},
    {"control byte", "v=spf1 a:b.org\rptr -all", false},
    {"tab between terms", "v=spf1 a\t-all", false},
    {"byte above 127", "v=spf1 a:b\xc3\xbc.org -all", false},
};

TEST(SpfRecord, IsReadAsAWhole) {
    for (const RecordCase& c : kRecords) {
        SCOPED_TRACE(c.title);
        ASSERT_TRUE(is_spf(c.text));
        EXPECT_EQ(parse_record(c.text).has_value(), c.valid);
    }
}

TEST(SpfRecord, VersionIsOneWholeWord) {
    EXPECT_FALSE(is_spf("v=spf10 -all"));
    EXPECT_FALSE(is_spf("v=spf1\t-all"));
    EXPECT_FALSE(is_spf(" v=spf1 -all"));
    EXPECT_FALSE(is_spf(""));
}

TEST(SpfRecord, AnErrorNamesItsTerm) {
    const auto record = parse_record("v=spf1 mx ip4:nonsense -all");
    ASSERT_FALSE(record.has_value());
    EXPECT_NE(record.error().find("ip4:nonsense"), std::string::npos);
}

struct MacroCase {
    const char* title;
    const char* text;
    const char* want;  ///< null: a syntax error
};

/// The examples of RFC 7208 7.4, and its rules.
const MacroCase kMacros[] = {
    {"sender", "%{s}.x", "strong-bad@email.example.com.x"},
    {"sender's domain", "%{o}", "email.example.com"},
    {"current domain", "%{d}", "email.example.com"},
    {"four right parts of three", "%{d4}", "email.example.com"},
    {"two right parts", "%{d2}", "example.com"},
    {"one right part", "%{d1}", "com"},
    {"reversed", "%{dr}", "com.example.email"},
    {"reversed, two parts", "%{d2r}", "example.email"},
    {"local part", "%{l}.x", "strong-bad.x"},
    {"local part, split at hyphens", "%{l-}.x", "strong.bad.x"},
    {"local part, reversed", "%{lr}.x", "strong-bad.x"},
    {"local part, split and reversed", "%{lr-}.x", "bad.strong.x"},
    {"one part of it", "%{l1r-}.x", "strong.x"},
    {"address reversed", "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
    {"several macros", "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
    {"literal percent, blank and escaped blank", "a%%b%_c%-d.org", "a%b c%20d.org"},
    {"no part at all", "%{d0}", nullptr},
    {"unknown letter", "%{x}", nullptr},
    {"letter for explanations only", "%{c}", nullptr},
    {"not closed", "%{d", nullptr},
    {"stray percent", "a%.org", nullptr},
    {"r before the digits", "%{dr2}", nullptr},
    {"unknown delimiter", "%{d:}", nullptr},
};

std::string value_of(char letter) {
    switch (letter) {
        case 's':
            return "strong-bad@email.example.com";
        case 'l':
            return "strong-bad";
        case 'i':
            return "192.0.2.3";
        case 'v':
            return "in-addr";
        default:
            return "email.example.com";
    }
}

TEST(SpfMacro, Expansion) {
    for (const MacroCase& c : kMacros) {
        SCOPED_TRACE(c.title);
        const auto macro = MacroString::parse_domain_spec(c.text);
        ASSERT_EQ(macro.has_value(), c.want != nullptr);
        if (macro) {
            EXPECT_EQ(macro->expand_name(value_of), c.want);
        }
    }
}

TEST(SpfMacro, ALongNameLosesLabelsOnItsLeft) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "%{d}.";
    const auto macro = MacroString::parse_domain_spec(text + "org");
    const std::string name = macro->expand_name(value_of);
    EXPECT_LE(name.size(), 253U);
    EXPECT_GT(name.size(), 253U - 18U);
    EXPECT_TRUE(name.ends_with("email.example.com.org"));
}

TEST(SpfMacro, ABombIsBoundedBySizeAndTime) {
    std::string text;
    for (int i = 0; i < 16'000; ++i) text += "%{s}";
    const std::string big(1000, 'x');
    const auto values = [&](char) { return big; };
    const auto macro = MacroString::parse_domain_spec(text);
    ASSERT_TRUE(macro.has_value());
    EXPECT_LE(macro->expand_name(values).size(), 253U);
    EXPECT_EQ(macro->expand_text(values, 1024).size(), 1024U);
}

TEST(SpfMacro, AnExplanationKeepsBlanksAndItsFinalDot) {
    const auto text = MacroString::parse_explanation("Not from %{i}. Ask %{S}.");
    ASSERT_TRUE(text.has_value());
    EXPECT_EQ(text->expand_text(value_of, 1024),
              "Not from 192.0.2.3. Ask strong-bad%40email.example.com.");
    EXPECT_FALSE(MacroString::parse_explanation("caf\xc3\xa9").has_value());
}

}  // namespace
}  // namespace postern::auth::spf
