#include "gateway/reputation/links.hpp"

#include <gtest/gtest.h>

namespace postern::reputation {
namespace {

analyzers::Url url(const std::string& text, const std::string& host, std::uint32_t object = 0,
                   const std::string& where = "html.a.href") {
    return {.url = text,
            .normalized = text,
            .host = host,
            .object = object,
            .where = where,
            .flags = {}};
}

Links collect(const std::vector<analyzers::Url>& urls, std::size_t max) {
    analyzers::Report report;
    report.urls = urls;
    return collect_links(report, PublicSuffixes::load("").value(), max);
}

std::vector<std::string> asked(const Links& links) {
    std::vector<std::string> names;
    for (const Subject& each : links.subjects) names.push_back(each.text());
    return names;
}

using Names = std::vector<std::string>;

TEST(Links, AreDistinctAndKeepWhereTheyStood) {
    const Links links = collect({url("http://www.evil.co.uk/a", "www.evil.co.uk", 3, "text"),
                                 url("http://www.evil.co.uk/b", "www.evil.co.uk", 4),
                                 url("http://www.evil.co.uk/a", "www.evil.co.uk", 5)},
                                10);
    ASSERT_EQ(links.links.size(), 2U);
    EXPECT_EQ(links.links[0].object, 3U);
    EXPECT_EQ(links.links[0].where, "text");
    EXPECT_EQ(links.links[0].registrable, "evil.co.uk");
    EXPECT_EQ(links.links[0].key, "www.evil.co.uk/a");
    EXPECT_EQ(asked(links), (Names{"www.evil.co.uk"}));
}

TEST(Links, KnowsAddressesAndRefusesNonsense) {
    const Links links = collect(
        {url("http://192.0.2.1/", "192.0.2.1"), url("http://[2001:db8::1]/", "[2001:db8::1]"),
         url("http://a..b/", "a..b"), url("file:///x", "")},
        10);
    EXPECT_EQ(asked(links), (Names{"192.0.2.1", "2001:db8::1"}));
    EXPECT_TRUE(std::holds_alternative<mail::IpAddress>(links.subjects[1].value));
    EXPECT_EQ(links.links.size(), 2U);
}

TEST(Links, AskForNoMoreDomainsThanAllowedAndSayWhatWasSkipped) {
    std::vector<analyzers::Url> urls;
    for (char c = 'a'; c <= 'h'; ++c) {
        const std::string host = std::string("www.") + c + "1.example";
        urls.push_back(url("http://" + host + "/", host));
        urls.push_back(url("http://" + host + "/2", host));
    }
    EXPECT_EQ(collect(urls, 8).skipped, 0U);
    const Links links = collect(urls, 2);
    EXPECT_EQ(asked(links), (Names{"www.a1.example", "www.b1.example"}));
    EXPECT_EQ(links.skipped, 6U) << "domains, not links";
    EXPECT_EQ(links.skipped_names.size(), 5U);
    EXPECT_EQ(links.skipped_names[0], "c1.example");
    EXPECT_EQ(links.links.size(), 16U) << "files and feeds cost nothing";
}

TEST(Links, OneDomainCannotUseUpTheLookUpsByItsHosts) {
    std::vector<analyzers::Url> urls;
    for (int i = 0; i < 9; ++i) {
        const std::string host = "h" + std::to_string(i) + ".evil.example";
        urls.push_back(url("http://" + host + "/", host));
    }
    urls.push_back(url("http://other.example/", "other.example"));
    const Links links = collect(urls, 2);
    EXPECT_EQ(links.subjects.size(), kMaxHostsPerDomain + 1);
    EXPECT_EQ(links.skipped, 0U);
}

TEST(Links, WhatIsClickedOnComesBeforeImages) {
    const Links links = collect({url("http://img.example/", "img.example", 0, "html.img.src"),
                                 url("http://click.example/", "click.example")},
                                1);
    EXPECT_EQ(asked(links), (Names{"click.example"}));
    EXPECT_EQ(links.skipped_names, (Names{"img.example"}));
}

}  // namespace
}  // namespace postern::reputation
