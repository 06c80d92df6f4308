#include "analyzers/url/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::analyzers {
namespace {

using testing::Contains;
using testing::IsEmpty;

TEST(Url, HostIsTheOneThatBrowsersGoTo) {
    const std::pair<const char*, const char*> cases[] = {
        {"http://Example.COM/a", "example.com"},
        {"http://0x7f.1/", "127.0.0.1"},
        {"http://2130706433/", "127.0.0.1"},
        {"http://0177.0.0.1/", "127.0.0.1"},
        {"http://[::1]/", "[::1]"},
        {"http:\\\\evil.example\\a", "evil.example"},
        {"https:evil.example", "evil.example"},
        {"http:///evil.example", "evil.example"},
        {"http://user:p@evil.example", "evil.example"},
        {"http://a.example\\@evil.example", "a.example"},
        {"http://a.example#@evil.example", "a.example"},
        {"http://a.example?@evil.example", "a.example"},
        {"ht\ntp://ev\til.example/", "evil.example"},
        {"https://goo%67le.example/", "google.example"},
        {"http://b\xC3\xBC"
         "cher.example/",
         "xn--bcher-kva.example"},
        {"http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.1", "127.0.0.1"},
        {"\\\\server\\share\\x.lnk", "server"},
        {"file://server/x", "server"},
    };
    for (const auto& [text, host] : cases) {
        SCOPED_TRACE(text);
        const auto url = parse_url(text);
        ASSERT_TRUE(url);
        EXPECT_EQ(url->host, host);
    }
}

TEST(Url, WhatNoBrowserFollowsIsNone) {
    for (const char* text :
         {"", "no url", "http://", "http://a b/", "http://x:99999/", "http://1.2.3.4.5/",
          "http://[::1", "http://256.1.1.1/", "/relative", "www.example.org"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_url(text));
    }
}

TEST(Url, OddThingsAreFlagged) {
    struct Case {
        const char* text;
        const char* flag;
    };
    const Case cases[] = {{"http://127.0.0.1/", "ip-host"},
                          {"http://0x7f.1/", "obscured-ip"},
                          {"http://u@x.example/", "userinfo"},
                          {"http://x.example:8080/", "port"},
                          {"http://xn--bcher-kva.example/", "punycode"},
                          {"http:\\\\x.example/", "backslash"},
                          {"http://b\xC3\xBC.example/", "non-ascii"},
                          {"ht\ttp://x.example/", "blanks"}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto url = parse_url(c.text);
        ASSERT_TRUE(url);
        EXPECT_THAT(url->flags, Contains(c.flag));
    }
    EXPECT_THAT(parse_url("https://www.example.org:443/a/b?c=d")->flags, IsEmpty());
}

TEST(Url, NormalFormIsItsOwnNormalForm) {
    for (const char* text : {"HTTP://Example.COM:80/a/../b/./c%41?x=%7e#f", "http://x.example",
                             "https://x.example:444/\\y"}) {
        SCOPED_TRACE(text);
        const auto once = parse_url(text);
        ASSERT_TRUE(once);
        EXPECT_EQ(parse_url(once->normalized)->normalized, once->normalized);
    }
    EXPECT_EQ(parse_url("HTTP://Example.COM:80/a/../b/./c%41?x=%7e#f")->normalized,
              "http://example.com/b/cA?x=~");
}

TEST(Url, LongOnesAreCut) {
    const std::string base = "http://x.example/";
    EXPECT_THAT(parse_url(base + std::string(kMaxUrl - base.size(), 'a'))->flags, IsEmpty());
    EXPECT_THAT(parse_url(base + std::string(kMaxUrl - base.size() + 1, 'a'))->flags,
                Contains("truncated"));
}

TEST(Url, ReferencesAreResolved) {
    EXPECT_EQ(resolve_url("http://x.example/a/b", "c"), "http://x.example/a/c");
    EXPECT_EQ(resolve_url("http://x.example/a/b", "/c"), "http://x.example/c");
    EXPECT_EQ(resolve_url("http://x.example/a/b", "//y.example/"), "http://y.example/");
    EXPECT_EQ(resolve_url("", "http://y.example/"), "http://y.example/");
    EXPECT_EQ(resolve_url("", "c"), "");
}

TEST(Url, SitesBelongTogetherByTheirRegisteredDomain) {
    EXPECT_TRUE(same_site("www.example.org", "mail.example.org"));
    EXPECT_TRUE(same_site("a.example.co.uk", "example.co.uk"));
    EXPECT_FALSE(same_site("example.org", "example.com"));
    EXPECT_FALSE(same_site("a.co.uk", "b.co.uk"));
}

}  // namespace
}  // namespace postern::analyzers
