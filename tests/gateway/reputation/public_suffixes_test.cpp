#include "gateway/reputation/public_suffixes.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/reputation/temporary_folder.hpp"

namespace postern::reputation {
namespace {

TEST(PublicSuffixes, FindsRegistrableDomains) {
    const auto suffixes = PublicSuffixes::load("");
    ASSERT_TRUE(suffixes) << suffixes.error();
    const struct {
        const char* title;
        const char* host;
        const char* domain;
    } cases[] = {
        {"under a top level", "a.b.example.com", "example.com"},
        {"itself", "example.com", "example.com"},
        {"two levels", "www.shop.co.uk", "shop.co.uk"},
        {"private suffix", "evil.github.io", "evil.github.io"},
        {"public suffix itself", "co.uk", ""},
        {"private suffix itself", "github.io", ""},
        {"wildcard rule", "a.b.kawasaki.jp", "a.b.kawasaki.jp"},
        {"exception rule", "www.city.kawasaki.jp", "city.kawasaki.jp"},
        {"unknown top level", "a.b.unheard", "b.unheard"},
        {"U-labels", "www.m\xC3\xBCnchen.de", "xn--mnchen-3ya.de"},
        {"case and dot", "WWW.Example.COM.", "example.com"},
        {"address", "192.0.2.1", ""},
        {"nonsense", "a..b", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(suffixes->registrable_domain(c.host), c.domain);
        EXPECT_EQ(registrable_domain(c.host), c.domain);
    }
}

TEST(PublicSuffixes, AFileOfTheOperatorTakesTheirPlace) {
    const tests::TemporaryFolder folder;
    folder.put("list", "// ours\ncom\nshared.example\nexample\n");
    const auto suffixes = PublicSuffixes::load(folder.path("list"));
    ASSERT_TRUE(suffixes) << suffixes.error();
    EXPECT_EQ(suffixes->registrable_domain("a.b.shared.example"), "b.shared.example");
    EXPECT_FALSE(PublicSuffixes::load(folder.path("none")));
    folder.put("empty", "// nothing\n");
    EXPECT_FALSE(PublicSuffixes::load(folder.path("empty")));
}

}  // namespace
}  // namespace postern::reputation
