#include "gateway/settings/lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/settings/allow_entry.hpp"
#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

TEST(ListCode, IsAnAddressARangeOrBits) {
    const struct {
        const char* text;
        ListCode code;
    } cases[] = {
        {"127.0.0.2", {0x7F000002, 0x7F000002, 0, false, 0, ""}},
        {" 127.0.0.2 = 3 ", {0x7F000002, 0x7F000002, 0, true, 3, ""}},
        {"127.0.0.4-7=-1.5", {0x7F000004, 0x7F000007, 0, true, -1.5, ""}},
        {"127.0.0.4 - 127.0.1.255 = 5 some words",
         {0x7F000004, 0x7F0001FF, 0, true, 5, "some words"}},
        {"&0x08 = 4 phishing", {0, 0, 8, true, 4, "phishing"}},
        {"&8", {0, 0, 8, false, 0, ""}},
        {"&0xFFFFFF", {0, 0, 0xFFFFFF, false, 0, ""}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto code = parse_list_code(c.text);
        ASSERT_TRUE(code) << code.error();
        EXPECT_EQ(*code, c.code);
        const auto again = parse_list_code(format_list_code(*code));
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, c.code);
    }
}

TEST(ListCode, RefusesWhatCouldNeverBeAListing) {
    for (const char* text : {"",
                             "=",
                             "= 3",
                             "127.0.0",
                             "127.0.0.256",
                             "128.0.0.2",
                             "192.0.2.1",
                             "127.0.0.1.2",
                             "127.255.255.1",
                             "127.255.254.0-127.255.255.0",
                             "127.0.0.7-4",
                             "127.0.0.2-",
                             "127.0.0.2-256",
                             "&",
                             "&0",
                             "&0x",
                             "&0x1000000",
                             "&-1",
                             "127.0.0.2 =",
                             "127.0.0.2 = x",
                             "127.0.0.2 = 101",
                             "127.0.0.2 = -101",
                             "127.0.0.2 = nan",
                             "127.0.0.2 = inf",
                             "127.0.0.2 = 1e999",
                             "127.0.0.2 = 3 \x01"}) {
        EXPECT_FALSE(parse_list_code(text)) << text;
    }
    EXPECT_TRUE(parse_list_code("127.0.0.2 = 3 " + std::string(kMaxListCode - 14, 'x')));
    EXPECT_FALSE(parse_list_code("127.0.0.2 = 3 " + std::string(kMaxListCode - 13, 'x')));
}

constexpr const char* kWhole = R"([lists]
allow = ["192.0.2.0/24", "partner.example", "2001:db8::/32"]
deny = ["eve@partner.example"]
[[lists.dns]]
name = "zen"
zone = "zen.example."
codes = ["127.0.0.2-3 = 4", "127.0.0.10-11 = 1 dynamic"]
ipv6 = true
[[lists.dns]]
name = "surbl"
zone = "multi.example"
kind = "domain"
codes = ["&0x08 = 4 phishing"]
errors = ["127.0.0.1"]
subjects = ["link", "sender"]
[[lists.file]]
name = "own"
path = "/etc/postern/own"
[[lists.feed]]
name = "urlhaus"
url = "https://feeds.example/csv"
format = "csv"
kind = "url"
column = 3
score = 8
refresh = "5m"
)";

TEST(Lists, AreReadFromTheirTables) {
    const Settings settings = parse(kWhole, "a.toml").settings;
    const Lists& lists = settings.lists;
    ASSERT_EQ(lists.dns.size(), 2U);
    EXPECT_EQ(lists.dns[0].zone, "zen.example");
    EXPECT_EQ(lists.dns[0].subjects, std::vector<ListSubject>{ListSubject::Client});
    EXPECT_EQ(lists.dns[0].codes.size(), 2U);
    EXPECT_EQ(lists.dns[1].kind, DnsListKind::Domain);
    EXPECT_EQ(lists.dns[1].subjects,
              (std::vector<ListSubject>{ListSubject::Link, ListSubject::Sender}));
    EXPECT_EQ(lists.dns[1].errors.size(), 1U);
    ASSERT_EQ(lists.files.size(), 1U);
    EXPECT_EQ(lists.files[0].value.subjects, std::vector<ListSubject>{ListSubject::Link});
    ASSERT_EQ(lists.feeds.size(), 1U);
    EXPECT_EQ(lists.feeds[0].format.column, 3U);
    EXPECT_EQ(lists.feeds[0].refresh, std::chrono::minutes(5));
    EXPECT_EQ(lists.feed_folder, "/var/lib/postern/feeds");
}

/// As the supervisor hands them to the gateway.
std::string effective_toml(const Loaded& loaded) {
    std::string plain;
    std::string tables;
    for (const Effective& each : loaded.effective) {
        const std::size_t open = each.key.find('[');
        if (open == std::string::npos) {
            plain += each.key + " = " + each.value + "\n";
            continue;
        }
        if (each.key.ends_with(".name")) tables += "[[" + each.key.substr(0, open) + "]]\n";
        tables += each.key.substr(each.key.find("].") + 2) + " = " + each.value + "\n";
    }
    return plain + tables;
}

TEST(Lists, WhatIsShownParsesBackToTheSame) {
    const Loaded loaded = parse(kWhole, "a.toml");
    const Loaded again = parse(effective_toml(loaded), "b.toml");
    ASSERT_EQ(again.effective.size(), loaded.effective.size());
    for (std::size_t i = 0; i < loaded.effective.size(); ++i) {
        EXPECT_EQ(again.effective[i].key, loaded.effective[i].key);
        EXPECT_EQ(again.effective[i].value, loaded.effective[i].value);
    }
    EXPECT_EQ(again.settings.lists.dns[0].codes, loaded.settings.lists.dns[0].codes);
}

TEST(Lists, SayWhatIsWrongAndWhere) {
    const struct {
        const char* title;
        const char* toml;
        const char* message;
    } cases[] = {
        {"no name", "[[lists.dns]]\nzone = \"z.example\"\n", "a.toml:1: lists.dns[0] has no name"},
        {"name that is no file name", "[[lists.feed]]\nname = \"../x\"\n",
         "a.toml:2: lists.feed[0].name has no name"},
        {"two of one name",
         "[[lists.dns]]\nname = \"a\"\nzone = \"z.example\"\n[[lists.file]]\nname = \"a\"\n",
         "a.toml:5: lists.file[0].name is the name of two lists"},
        {"no zone", "[[lists.dns]]\nname = \"a\"\n", "a.toml:1: lists.dns[0] has no zone"},
        {"bad code",
         "[[lists.dns]]\nname = \"a\"\nzone = \"z.example\"\ncodes = [\"127.0.0.2\", "
         "\"1.2.3.4\"]\n",
         "a.toml:4: lists.dns[0].codes is \"1.2.3.4\""},
        {"bad subject", "[[lists.dns]]\nname = \"a\"\nzone = \"z.example\"\nsubjects = \"moon\"\n",
         "a.toml:4: lists.dns[0].subjects holds \"moon\""},
        {"unknown key", "[[lists.dns]]\nname = \"a\"\nzone = \"z.example\"\nwieght = 3\n",
         "a.toml:4: lists.dns[0].wieght"},
        {"http", "[[lists.feed]]\nname = \"a\"\nurl = \"http://x.example/\"\n",
         "a.toml:3: lists.feed[0].url has no url"},
        {"file",
         "[[lists.feed]]\nname = \"a\"\nurl = \"file:///etc/passwd\"\nallow_private = true\n",
         "a.toml:3: lists.feed[0].url has no url"},
        {"feed of anything",
         "[[lists.feed]]\nname = \"a\"\nurl = \"https://x.example/\"\nkind = \"any\"\n",
         "a.toml:4: lists.feed[0].kind is \"any\""},
        {"always too old",
         "[[lists.feed]]\nname = \"a\"\nurl = \"https://x.example/\"\nrefresh = \"2h\"\nmax_age = "
         "\"1h\"\n",
         "a.toml:5: lists.feed[0].max_age is shorter than refresh"},
        {"JSON without a member",
         "[[lists.feed]]\nname = \"a\"\nurl = \"https://x.example/\"\nformat = \"jsonl\"\n",
         "a.toml:1: lists.feed[0] has no field"},
        {"separator of two",
         "[[lists.feed]]\nname = \"a\"\nurl = \"https://x.example/\"\nseparator = \"ab\"\n",
         "a.toml:4: lists.feed[0].separator"},
        {"bits behind the prefix", "[lists]\nallow = [\"192.0.2.1/24\"]\n",
         "a.toml:2: lists.allow holds \"192.0.2.1/24\""},
        {"a day that is none", "[lists]\nallow = [\"a.example until 2027-02-29\"]\n",
         "a.toml:2: lists.allow holds \"a.example until 2027-02-29\""},
        {"not a day", "[lists]\nallow = [\"a.example until soon\"]\n",
         "a.toml:2: lists.allow holds \"a.example until soon\""},
        {"an end of what is kept out", "[lists]\ndeny = [\"a.example until 2027-03-31\"]\n",
         "a.toml:2: lists.deny holds"},
        {"prefix too long", "[lists]\ndeny = [\"2001:db8::/129\"]\n", "a.toml:2: lists.deny holds"},
        {"no such thing", "[lists]\ndeny = [\"a b\"]\n", "a.toml:2: lists.deny holds \"a b\""},
        {"file without a path", "[[lists.file]]\nname = \"a\"\n",
         "a.toml:1: lists.file[0] has no path"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        try {
            std::ignore = parse(c.toml, "a.toml");
            ADD_FAILURE() << "not refused";
        } catch (const ConfigError& error) {
            EXPECT_EQ(std::string(error.what()).substr(0, std::string(c.message).size()),
                      c.message);
        }
    }
}

TEST(AllowEntry, LastsUntilItsLastDayIsOver) {
    EXPECT_FALSE(parse_allow_entry("a.example")->until.has_value());
    const auto entry = parse_allow_entry("a.example until 2027-03-31");
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->who, "a.example");
    EXPECT_EQ(entry->until, 1'806'537'600) << "the first second of April, UTC";
    EXPECT_TRUE(parse_allow_entry("a.example until 2028-02-29").has_value());
    for (const char* bad : {"a until ", "a until 2027-3-31", "a until 2027-13-01",
                            "a until 2027-03-31 ", "a until 20270331", "a until -027-03-31"}) {
        EXPECT_FALSE(parse_allow_entry(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace postern::settings
