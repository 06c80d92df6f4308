#include "analyzers/html/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzers/html/tokenizer.hpp"

namespace postern::analyzers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

Analysis read(std::string_view html, std::string_view name = {}) {
    Budget budget{Limits{}};
    return html_analyze({.bytes = as_bytes(html),
                         .type = "html",
                         .mime = "text/html",
                         .name = name,
                         .declared_mime = {}},
                        budget);
}

TEST(Html, LinksAreFoundInEveryCarrier) {
    struct Case {
        const char* html;
        const char* where;
    };
    const Case cases[] = {
        {"<a href='http://x.example/'>", "html.a.href"},
        {"<A HREF = http://x.example/ >", "html.a.href"},
        {"<a title='>' href=\"http://x.example/\">", "html.a.href"},
        {"<a/href=http://x.example/>", "html.a.href"},
        {"<a href='http&colon;&sol;/x.example/'>", "html.a.href"},
        {"<a href='&#104;ttp://x.example/'>", "html.a.href"},
        {"<area href=http://x.example/>", "html.area.href"},
        {"<form action=http://x.example/>", "html.form.action"},
        {"<img src=http://x.example/>", "html.img.src"},
        {"<img srcset='http://x.example/ 2x, y'>", "html.img.srcset"},
        {"<iframe src=http://x.example/>", "html.iframe.src"},
        {"<meta http-equiv=refresh content='0; URL=http://x.example/'>", "html.meta.refresh"},
        {"<p style='background:url(http://x.example/)'>", "html.p.style"},
        {"<style>a{b:url('http://x.example/')}</style>", "html.style"},
        {"<body onload=\"location='http://x.example/'\">", "html.body.onload"},
        {"<!--[if mso]><a href=http://x.example/><![endif]-->", "html.a.href"},
        {"<base href=http://x.example/><a href=''><a href=/>", "html.base.href"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.html);
        const Analysis analysis = read(c.html);
        const bool found = std::any_of(
            analysis.urls.begin(), analysis.urls.end(),
            [&](const FoundUrl& u) { return u.url == "http://x.example/" && u.where == c.where; });
        EXPECT_TRUE(found);
    }
}

TEST(Html, BaseCompletesLinks) {
    const Analysis analysis = read("<base href='http://x.example/d/'><a href='e'>");
    EXPECT_EQ(analysis.urls.back().url, "http://x.example/d/e");
}

TEST(Html, TextIsWhatAReaderSees) {
    EXPECT_EQ(
        read("<title>T</title><style>s</style><p>a &amp; b</p><div>c<br>d</div><script>e</script>")
            .text,
        "a & b\nc\nd");
}

TEST(Html, LinkThatShowsAnotherHostIsAFinding) {
    struct Case {
        const char* title;
        const char* html;
        bool mismatch;
    };
    const Case cases[] = {
        {"other host", "<a href=http://evil.example/>https://bank.test/login</a>", true},
        {"bare name", "<a href=http://evil.example/>www.bank.test</a>", true},
        {"same host", "<a href=http://bank.test/x>bank.test</a>", false},
        {"sub domain", "<a href=http://click.bank.test/x>www.bank.test</a>", false},
        {"words", "<a href=http://evil.example/>click here</a>", false},
        {"sentence", "<a href=http://evil.example/>go to bank.test now</a>", false},
        {"file name", "<a href=http://evil.example/>report.docx</a>", false},
        {"address", "<a href=http://evil.example/>a@bank.test</a>", false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = read(c.html);
        EXPECT_EQ(!analysis.findings.empty(), c.mismatch);
        EXPECT_EQ(std::count(analysis.urls[0].flags.begin(), analysis.urls[0].flags.end(),
                             "text-mismatch"),
                  c.mismatch ? 1 : 0);
    }
}

TEST(Html, WhatIsWrittenIntoItBecomesChildren) {
    const Analysis analysis = read(
        "<a href='data:application/zip;base64,Zm9v'><a href='javascript:f%28)'><iframe "
        "srcdoc='&lt;b>'>"
        "</iframe><script>g()</script>");
    std::vector<std::string> bytes;
    for (const Child& child : analysis.children) bytes.push_back(child.bytes);
    EXPECT_THAT(bytes, ElementsAre("foo", "f()", "<b>", "g()"));
}

TEST(Html, ScriptInAnAttachmentIsAFinding) {
    EXPECT_EQ(read("<script>f()</script>", "invoice.html").findings.size(), 1U);
    EXPECT_THAT(read("<script>f()</script>").findings, IsEmpty());
    EXPECT_THAT(read("<b>x</b>", "invoice.html").findings, IsEmpty());
}

TEST(Html, LinksStopAtTheirLimit) {
    const auto page = [](std::size_t links) {
        std::string html;
        for (std::size_t i = 0; i < links; ++i)
            html += "<a href=http://x.example/" + std::to_string(i) + '>';
        return html;
    };
    EXPECT_THAT(read(page(kMaxHtmlUrls)).limits, IsEmpty());
    EXPECT_EQ(read(page(kMaxHtmlUrls + 1)).limits.size(), 1U);
}

TEST(HtmlReferences, AreDecoded) {
    const std::pair<const char*, const char*> cases[] = {
        {"&lt;&#65;&#x42;&gt;", "<AB>"}, {"&lt", "<"}, {"?a=1&copy=2", "?a=1&copy=2"},
        {"&unknown;", "&unknown;"},      {"&", "&"},   {"&#0;", "\xEF\xBF\xBD"}};
    for (const auto& [text, decoded] : cases) EXPECT_EQ(decode_references(text), decoded);
}

}  // namespace
}  // namespace postern::analyzers
