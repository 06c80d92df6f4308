#include "gateway/reputation/lists/url_key.hpp"

#include <gtest/gtest.h>

namespace postern::reputation {
namespace {

TEST(UrlKey, IsTheSameForSpellingsOfOneLink) {
    const struct {
        const char* title;
        std::string url;
        std::optional<std::string> key;
    } cases[] = {
        {"scheme and host in any case", "HTTP://Evil.Example/Path", "evil.example/Path"},
        {"https is http", "https://evil.example/Path", "evil.example/Path"},
        {"no path", "http://evil.example", "evil.example/"},
        {"query without a path", "http://evil.example?a=1", "evil.example/?a=1"},
        {"default ports", "https://evil.example:443/", "evil.example/"},
        {"empty port", "http://evil.example:/", "evil.example/"},
        {"other port", "http://evil.example:8080/", "evil.example:8080/"},
        {"https on port 80 is not http", "https://evil.example:80/", "https://evil.example:80/"},
        {"credentials", "http://bank.example@evil.example/", "evil.example/"},
        {"fragment", "http://evil.example/a#b", "evil.example/a"},
        {"unreserved escapes", "http://evil.example/%61%2Db", "evil.example/a-b"},
        {"other escapes", "http://evil.example/%2f%zz%4", "evil.example/%2F%25zz%254"},
        {"a stray percent sign cannot become an escape", "http://evil.example/%a%41",
         "evil.example/%25aA"},
        {"an escaped percent sign stays", "http://evil.example/%2541", "evil.example/%2541"},
        {"IPv4", "http://192.0.2.1/x", "192.0.2.1/x"},
        {"IPv6", "http://[2001:DB8::1]:81/x", "[2001:db8::1]:81/x"},
        {"U-label", "http://m\xC3\xBCnchen.example/", "xn--mnchen-3ya.example/"},
        {"other scheme", "ftp://evil.example/x", "ftp://evil.example/x"},
        {"without a scheme", "evil.example/x", "evil.example/x"},
        {"a URL in the query", "evil.example/r?u=http://a.example/",
         "evil.example/r?u=http://a.example/"},
        {"bad port", "http://evil.example:99999/", {}},
        {"no host", "http:///x", {}},
        {"blank inside", "http://evil.example/a b", {}},
        {"no closing bracket", "http://[2001:db8::1/", {}},
        {"mailto", "mailto:a@b.example", {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto key = url_key(c.url);
        EXPECT_EQ(key, c.key);
        if (key) {
            EXPECT_EQ(url_key(*key), key);
        }
    }
}

TEST(UrlKey, IsBounded) {
    const std::string start = "http://evil.example/";
    EXPECT_TRUE(url_key(start + std::string(kMaxUrlKey - start.size(), 'a')));
    EXPECT_FALSE(url_key(start + std::string(kMaxUrlKey - start.size() + 1, 'a')));
}

}  // namespace
}  // namespace postern::reputation
