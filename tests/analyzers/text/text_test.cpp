#include "analyzers/text/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::analyzers {
namespace {

using testing::ElementsAreArray;

std::vector<std::string> urls(std::string_view text) {
    std::vector<std::string> all;
    for (const FoundUrl& url : find_text_urls(text, "text", 100)) all.push_back(url.url);
    return all;
}

TEST(TextUrls, AreWhatMailProgramsLink) {
    struct Case {
        const char* text;
        std::vector<std::string> urls;
    };
    const Case cases[] = {
        {"see http://x.example/a.", {"http://x.example/a"}},
        {"(http://x.example/a_(b))", {"http://x.example/a_(b)"}},
        {"<https://x.example>", {"https://x.example"}},
        {"go to www.x.example/a now", {"http://www.x.example/a"}},
        {"x.example is a site", {"http://x.example"}},
        {"HTTP:\\\\x.example\\a", {"HTTP:\\\\x.example\\a"}},
        {"twice http://x.example http://x.example", {"http://x.example"}},
        {"write to a@x.example please", {}},
        {"version 1.2.3.4 of setup.exe, notes.md, e.g. this", {}},
        {"time 12:30, ratio 1:2", {}},
        {"end of sentence.Next one", {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_THAT(urls(c.text), ElementsAreArray(c.urls));
    }
}

TEST(TextUrls, HaveNoHostThatIsLongerThanANameMayBe) {
    const auto host = [](std::size_t size) {
        std::string name = "www.";
        while (name.size() + 8 < size) name += "aaaaaa.";
        return name + std::string(size - name.size(), 'b');
    };
    EXPECT_THAT(urls("see " + host(253)), testing::SizeIs(1));
    EXPECT_THAT(urls("see " + host(254)), testing::IsEmpty());
    EXPECT_THAT(urls("see " + host(254) + " and www.x.example"),
                testing::ElementsAre("http://www.x.example"));
}

TEST(Text, UrlsStopAtTheirLimit) {
    const auto links = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += "http://x.example/" + std::to_string(i) + '\n';
        return text;
    };
    const auto limits = [](const std::string& text) {
        Budget budget{Limits{}};
        return text_analyze({.bytes = as_bytes(text),
                             .type = "text",
                             .mime = "text/plain",
                             .name = {},
                             .declared_mime = {}},
                            budget)
            .limits.size();
    };
    EXPECT_EQ(limits(links(kMaxTextUrls)), 0U);
    EXPECT_EQ(limits(links(kMaxTextUrls + 1)), 1U);
}

TEST(Text, BlocksBecomeChildren) {
    Budget budget{Limits{}};
    const std::string text = "begin 644 cat.txt\n#0V%T\n`\nend\n";
    const Analysis analysis = text_analyze({.bytes = as_bytes(text),
                                            .type = "text",
                                            .mime = "text/plain",
                                            .name = {},
                                            .declared_mime = {}},
                                           budget);
    ASSERT_EQ(analysis.children.size(), 1U);
    EXPECT_EQ(analysis.children[0].bytes, "Cat");
    EXPECT_EQ(analysis.children[0].name, "cat.txt");
}

}  // namespace
}  // namespace postern::analyzers
