#include "gateway/reputation/lists/list_set.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "gateway/reputation/lists/host_name.hpp"

namespace postern::reputation {
namespace {

ListSet set_of(EntryKind kind, const std::vector<std::string>& entries) {
    ListSet set;
    for (const std::string& each : entries) EXPECT_TRUE(set.add(kind, each)) << each;
    set.finish();
    return set;
}

mail::IpAddress ip(const std::string& text) {
    return mail::IpAddress::parse(text).value();
}

TEST(ListSet, FindsTheNarrowestNetworkOfAnAddress) {
    const ListSet set = set_of(EntryKind::Ip, {"192.0.2.0/24", "192.0.2.128/25", "198.51.100.7",
                                               "2001:db8::/32", "::ffff:203.0.113.0/120", "::/0"});
    const struct {
        const char* title;
        const char* address;
        std::optional<std::string> entry;
    } cases[] = {
        {"in the wide one", "192.0.2.1", "192.0.2.0/24"},
        {"in both", "192.0.2.200", "192.0.2.128/25"},
        {"alone", "198.51.100.7", "198.51.100.7"},
        {"beside", "198.51.100.8", {}},
        {"below the range", "192.0.1.255", {}},
        {"above the range", "192.0.3.0", {}},
        {"IPv6", "2001:db8:ffff::1", "2001:db8::/32"},
        {"IPv6 only in ::/0", "2001:db9::1", "::/0"},
        {"mapped notation is IPv4", "203.0.113.9", "203.0.113.0/24"},
        {"::/0 is no IPv4 network", "8.8.8.8", {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(set.find(ip(c.address)), c.entry);
    }
}

TEST(ListSet, RefusesWhatIsNoEntryOfItsKind) {
    const struct {
        const char* title;
        EntryKind kind;
        const char* text;
    } cases[] = {
        {"bits behind the prefix", EntryKind::Ip, "192.0.2.1/24"},
        {"prefix too long", EntryKind::Ip, "192.0.2.0/33"},
        {"IPv6 prefix too long", EntryKind::Ip, "2001:db8::/129"},
        {"no prefix", EntryKind::Ip, "192.0.2.0/"},
        {"octet too big", EntryKind::Ip, "192.0.2.256"},
        {"domain as address", EntryKind::Ip, "a.example"},
        {"address as domain", EntryKind::Domain, "192.0.2.1"},
        {"number at the end", EntryKind::Domain, "a.example.1"},
        {"empty label", EntryKind::Domain, "a..example"},
        {"blank inside", EntryKind::Domain, "a b.example"},
        {"URL as domain", EntryKind::Domain, "http://a.example/"},
        {"markup", EntryKind::Domain, "<html>"},
        {"no domain", EntryKind::Address, "a@"},
        {"address that is a comment", EntryKind::Address, "\"#a\"@b.example"},
        {"address with a blank", EntryKind::Address, "\"a #b\"@b.example"},
        {"no host", EntryKind::Url, "http:///x"},
        {"odd digest", EntryKind::Digest,
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef"},
        {"digest with a letter", EntryKind::Digest,
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg"},
        {"nothing", EntryKind::Domain, ""},
        {"only a dot", EntryKind::Domain, "."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_FALSE(ListSet().add(c.kind, c.text));
    }
}

TEST(ListSet, FindsDomainsUpToTheShortestThatCounts) {
    const ListSet set =
        set_of(EntryKind::Domain, {"evil.example", "*.star.example", ".dot.example", "co.uk",
                                   "B\xC3\xBC"
                                   "cher.example",
                                   "UPPER.EXAMPLE."});
    const struct {
        const char* title;
        const char* host;
        const char* least;
        std::optional<std::string> entry;
    } cases[] = {
        {"itself", "evil.example", "evil.example", "evil.example"},
        {"below", "a.b.evil.example", "evil.example", "evil.example"},
        {"end of a label only", "notevil.example", "notevil.example", {}},
        {"star", "x.star.example", "star.example", "star.example"},
        {"leading dot", "dot.example", "dot.example", "dot.example"},
        {"public suffix is not for all below it", "shop.co.uk", "shop.co.uk", {}},
        {"unless the whole way is gone", "shop.co.uk", "", "co.uk"},
        {"A-labels", "www.xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"case and final dot", "upper.example", "upper.example", "upper.example"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(set.find_domain(c.host, c.least), c.entry);
    }
}

TEST(ListSet, FindsUrlsWithTheirQueryOrForAnyQuery) {
    const ListSet set = set_of(EntryKind::Url, {"https://Evil.example:443/A/b.exe",
                                                "http://q.example/x?id=1", "bare.example"});
    EXPECT_EQ(set.find_url("evil.example/A/b.exe"), "evil.example/A/b.exe");
    EXPECT_EQ(set.find_url("evil.example/A/b.exe?x=1"), "evil.example/A/b.exe");
    EXPECT_EQ(set.find_url("evil.example/a/b.exe"), std::nullopt);
    EXPECT_EQ(set.find_url("q.example/x?id=1"), "q.example/x?id=1");
    EXPECT_EQ(set.find_url("q.example/x?id=2"), std::nullopt);
    EXPECT_EQ(set.find_url("bare.example/"), "bare.example/");
}

TEST(ListSet, FindsAddressesAndDigestsInAnyCase) {
    const std::string digest = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    ListSet set;
    ASSERT_TRUE(set.add(EntryKind::Address, "Bob@Example.ORG"));
    ASSERT_TRUE(set.add(EntryKind::Digest, digest));
    set.finish();
    EXPECT_TRUE(set.has_address("bob@example.org"));
    EXPECT_FALSE(set.has_address("ob@example.org"));
    EXPECT_TRUE(set.has_digest("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
    EXPECT_FALSE(set.has_digest("00112233445566778899aabbccddeeff"));
}

TEST(ListSet, TellsKindsApartInListsOfAnyKind) {
    const ListSet set = set_of(EntryKind::Any, {"192.0.2.0/24", "a@b.example", "c.example"});
    EXPECT_TRUE(set.find(ip("192.0.2.9")));
    EXPECT_TRUE(set.has_address("a@b.example"));
    EXPECT_FALSE(set.has_domain("b.example"));
    EXPECT_TRUE(set.has_domain("c.example"));
}

TEST(ListSet, DropsWhatComesTwice) {
    const ListSet set =
        set_of(EntryKind::Domain, {"b.example", "a.example", "B.example", "a.example."});
    EXPECT_EQ(set.size(), 2U);
    EXPECT_EQ(set.entries(), (std::vector<std::string>{"a.example", "b.example"}));
}

/// Whole time is not asserted, memory is: it does not depend on the machine.
TEST(ListSet, HoldsAMillionDomainsInLittleMemory) {
    constexpr unsigned kMany = 1'000'000;
    ListSet set;
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < kMany; ++i) {
        const unsigned mixed = i * 2654435761U;
        ASSERT_TRUE(set.add(EntryKind::Domain, "host" + std::to_string(mixed) + ".example"));
    }
    set.finish();
    const auto built = std::chrono::steady_clock::now();
    unsigned found = 0;
    for (unsigned i = 0; i < kMany; i += 10) {
        const std::string host = "www.host" + std::to_string(i * 2654435761U) + ".example";
        found += set.find_domain(host, "example") ? 1U : 0U;
    }
    const auto searched = std::chrono::steady_clock::now();
    EXPECT_EQ(found, kMany / 10);
    EXPECT_EQ(set.size(), kMany);
    EXPECT_LT(set.memory(), 40U << 20U);
    const auto ms = [](auto time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    RecordProperty("memory_bytes", std::to_string(set.memory()));
    RecordProperty("build_ms", std::to_string(ms(built - begin)));
    RecordProperty("search_100000_ms", std::to_string(ms(searched - built)));
}

TEST(AsciiHost, TakesNamesAndNothingElse) {
    const struct {
        const char* title;
        std::string_view text;
        std::optional<std::string> host;
    } cases[] = {
        {"plain", "Www.Example.ORG.", "www.example.org"},
        {"underscore", "_dmarc.example", "_dmarc.example"},
        {"one label", "localhost", "localhost"},
        {"U-label", "m\xC3\xBCnchen.example", "xn--mnchen-3ya.example"},
        {"ideographic full stop",
         "a\xE3\x80\x82"
         "example",
         "a.example"},
        {"broken UTF-8", "m\xC3.example", {}},
        {"IPv4", "192.0.2.1", {}},
        {"IPv6", "2001:db8::1", {}},
        {"number as top level", "0x7f.1", {}},
        {"label of 63", "a23456789012345678901234567890123456789012345678901234567890123.example",
         "a23456789012345678901234567890123456789012345678901234567890123.example"},
        {"label of 64",
         "a234567890123456789012345678901234567890123456789012345678901234.example",
         {}},
        {"NUL", std::string_view("a\0.example", 10), {}},
        {"two dots at the end", "a.example..", {}},
        {"empty", "", {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(ascii_host(c.text), c.host);
    }
}

}  // namespace
}  // namespace postern::reputation
