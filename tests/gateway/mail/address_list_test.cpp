#include "gateway/mail/address_list.hpp"

#include <gtest/gtest.h>

#include "gateway/mail/a_label.hpp"

namespace postern::mail {
namespace {

struct ListCase {
    const char* title;
    std::string text;
    const char* want;  ///< "name|local|domain" of each, with ";" between; null: an error
    int flaws = 0;
};

const ListCase kLists[] = {
    {"bare", "joe@example.org", "|joe|example.org"},
    {"with a name", "Joe Q <joe@example.org>", "Joe Q|joe|example.org"},
    {"quoted name", "\"Doe, Joe\" <joe@example.org>", "Doe, Joe|joe|example.org"},
    {"quoted pair in a name", R"("a \"b\" \\ c" <joe@example.org>)",
     "a \"b\" \\ c|joe|example.org"},
    {"an address as the name", "\"a@b.org\" <joe@example.org>", "a@b.org|joe|example.org"},
    {"comments", "(a (b) \\) c) joe (d) @ (e) example.org (f)", "|joe|example.org",
     kBlankInAddress},
    {"two", "a@b.org, C <c@d.org>", "|a|b.org;C|c|d.org"},
    {"folded", "Joe\r\n <joe@example.org>,\r\n\tb@c.org", "Joe|joe|example.org;|b|c.org"},
    {"quoted local part", "<\"a b@c\"@example.org>", "|a b@c|example.org"},
    {"literal", "joe@[192.0.2.1]", "|joe|[192.0.2.1]"},
    {"group", "Team: a@b.org, C <c@d.org>;", "|a|b.org;C|c|d.org"},
    {"empty group", "undisclosed-recipients:;", ""},
    {"group and more", "T: a@b.org;, c@d.org", "|a|b.org;|c|d.org"},
    {"empty", "", ""},
    {"comment alone", "(nobody)", ""},
    {"encoded word", "=?utf-8?Q?J=C3=B6rg?= <j@b.org>", "=?utf-8?Q?J=C3=B6rg?=|j|b.org"},
    {"encoded word with a colon", "=?utf-8?Q?Re:_x?= <j@b.org>", "=?utf-8?Q?Re:_x?=|j|b.org"},
    {"UTF-8", "J\xc3\xb6rg <j@b\xc3\xbc.org>", "J\xc3\xb6rg|j|b\xc3\xbc.org"},
    {"route", "<@one.org,@two.org:joe@example.org>", "|joe|example.org", kRoute},
    {"blanks around dots", "joe . doe@example . org", "|joe.doe|example.org", kBlankInAddress},
    {"comma too many", "a@b.org,,c@d.org", "|a|b.org;|c|d.org", kEmptyElement},
    {"comma in front", ", a@b.org", "|a|b.org", kEmptyElement},
    {"comma at the end", "a@b.org,", "|a|b.org", kEmptyElement},
    {"dot in a name", "Joe Q. Doe <joe@example.org>", "Joe Q. Doe|joe|example.org", kDotInName},
    {"name without brackets", "\"Doe\" joe@example.org", "Doe|joe|example.org", kNoBrackets},
    {"group that does not end", "From: Joe <joe@example.org>", "Joe|joe|example.org",
     kUnendedGroup},
    {"two dots in a local part", "j..d@example.org", "|j..d|example.org", kOddDots},
    {"dot at the end of a local part", "j.@example.org", "|j.|example.org", kOddDots},
    {"the root's dot", "joe@example.org.", "|joe|example.org"},
    {"no domain", "joe", nullptr},
    {"a name alone", "Joe Doe", nullptr},
    {"nothing in brackets", "Joe <>", nullptr},
    {"text behind the bracket", "<any@attacker.org>admin@victim.org", nullptr},
    {"two addresses without a comma", "a@b.org c@d.org", nullptr},
    {"brackets in brackets", "<<a@b.org>>", nullptr},
    {"backslash outside quotes", "<admin@victim.org>\\,<second@attacker.org>", nullptr},
    {"quote that does not end", "\"Joe <joe@example.org>", nullptr},
    {"comment that does not end", "(Joe joe@example.org", nullptr},
    {"bracket that does not end", "Joe <joe@example.org", nullptr},
    {"NUL", std::string("joe@exa\0mple.org", 16), nullptr},
    {"control byte in a quoted string", "\"J\x01\" <joe@example.org>", nullptr},
    {"group in a group", "A: B: a@b.org;;", nullptr},
    {"encoded word that hides a list", "=?utf-8?B?PGFAYi5vcmc+?=,<c@d.org>", nullptr},
    {"encoded word with an address in it", "=?x?Q?<a@b.org>?= <c@d.org>", nullptr},
    {"two local parts in brackets", "<a b@c.org>", nullptr},
};

std::string text_of(const AddressList& list) {
    std::string text;
    for (const ListedAddress& each : list.addresses) {
        text += (text.empty() ? "" : ";") + each.display_name + "|" + each.local_part + "|" +
                each.domain;
    }
    return text;
}

TEST(AddressList, Parse) {
    for (const ListCase& c : kLists) {
        SCOPED_TRACE(c.title);
        const auto list = parse_address_list(c.text);
        ASSERT_EQ(list.has_value(), c.want != nullptr);
        if (!list) continue;
        EXPECT_EQ(text_of(*list), c.want);
        EXPECT_EQ(list->flaws, c.flaws);
    }
}

TEST(AddressList, LimitsHoldAtTheirEdge) {
    const AddressListLimits limits{2, 2};
    EXPECT_TRUE(parse_address_list("a@b.org,c@d.org", limits).has_value());
    EXPECT_EQ(parse_address_list("a@b.org,c@d.org,e@f.org", limits).error(),
              AddressListError::TooMany);
    EXPECT_TRUE(parse_address_list("((x)) a@b.org", limits).has_value());
    EXPECT_EQ(parse_address_list("(((x))) a@b.org", limits).error(), AddressListError::TooDeep);
}

TEST(ALabel, UnicodeBecomesPunycodeAndAsciiLowerCase) {
    EXPECT_EQ(to_a_labels("Example.ORG"), "example.org");
    EXPECT_EQ(to_a_labels("M\xc3\x9cNCHEN.example"), "xn--mnchen-3ya.example");
    EXPECT_EQ(to_a_labels("stra\xc3\x9f"
                          "e.example"),
              "xn--strae-oqa.example");
    EXPECT_EQ(to_a_labels("b\xff.org"), std::nullopt);
    EXPECT_EQ(to_a_labels(std::string(2000, 'a') + "\xc3\xbc"), std::nullopt);
}

}  // namespace
}  // namespace postern::mail
