#include "analyzers/pipeline/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <new>

#include "analyzers/base/base64.hpp"
#include "analyzers/pipeline/disguise.hpp"

namespace postern::analyzers {
namespace {

using testing::Contains;
using testing::Not;

/// A PE header that holds no program.
std::string stub_program() {
    std::string bytes(256, '\0');
    bytes.replace(0, 2, "MZ");
    bytes[0x3c] = '\x80';
    bytes.replace(0x80, 4, std::string("PE\0\0", 4));
    return bytes;
}

std::string mail(const std::string& fields, const std::string& body) {
    return "From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + fields + "\r\n\r\n" +
           body;
}

std::string attachment(const std::string& type, const std::string& name, const std::string& bytes) {
    return mail(
        "Content-Type: multipart/mixed; boundary=b",
        "--b\r\nContent-Type: text/plain\r\n\r\nsee http://x.example/\r\n--b\r\nContent-Type: " +
            type + "\r\nContent-Disposition: attachment; filename=\"" + name +
            "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_encode(as_bytes(bytes)) +
            "\r\n--b--\r\n");
}

Report scan(const std::string& message, const Limits& limits = {}, Engines engines = {}) {
    return analyze(as_bytes(message), RootKind::Message, {}, limits, engines);
}

std::vector<std::string> codes(const Report& report) {
    std::vector<std::string> all;
    for (const Finding& finding : report.findings) all.push_back(finding.code);
    return all;
}

TEST(Pipeline, SaysWhichDocumentsOnlyTheEnginesLookInto) {
    const auto flags = [](const std::string& bytes, const std::string& name) {
        return scan(attachment("application/octet-stream", name, bytes)).objects.at(2).flags;
    };
    EXPECT_THAT(flags("%PDF-1.4\n%%EOF\n", "a.pdf"), Contains("engines-only"));
    EXPECT_THAT(flags("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(512, '\0'), "a.doc"),
                Contains("engines-only"));
    EXPECT_THAT(flags("plain text", "a.txt"), Not(Contains("engines-only")));
    EXPECT_THAT(flags("\x89PNG\r\n\x1a\n" + std::string(64, '\0'), "a.png"),
                Not(Contains("engines-only")));
}

TEST(Pipeline, ListsObjectsWithTheirPlace) {
    const Report report = scan(attachment("application/octet-stream", "a.bin", "\x01\x02\x03"));
    ASSERT_EQ(report.objects.size(), 3U);
    EXPECT_EQ(report.objects[0].path, "message");
    EXPECT_EQ(report.objects[0].type, "mail");
    EXPECT_EQ(report.objects[1].path, "message/1");
    EXPECT_EQ(report.objects[1].type, "text");
    EXPECT_EQ(report.objects[2].path, "message/2:a.bin");
    EXPECT_EQ(report.objects[2].parent, 0U);
    EXPECT_EQ(report.objects[2].sha256,
              "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
    EXPECT_TRUE(report.complete());
    ASSERT_EQ(report.urls.size(), 1U);
    EXPECT_EQ(report.urls[0].host, "x.example");
    EXPECT_EQ(report.urls[0].object, 1U);
    EXPECT_EQ(report.message.preview, "see http://x.example/");
}

TEST(Pipeline, FindingsFireOnTheirCasesOnly) {
    struct Case {
        const char* title;
        std::string message;
        const char* code;
        bool found;
    };
    const Case cases[] = {
        {"program as picture", attachment("image/png", "a.png", stub_program()), "TYPE_MISMATCH",
         true},
        {"program as document", attachment("application/octet-stream", "a.pdf", stub_program()),
         "TYPE_MISMATCH", true},
        {"program as program", attachment("application/octet-stream", "a.exe", stub_program()),
         "TYPE_MISMATCH", false},
        {"text as text", attachment("text/plain", "a.txt", "hello"), "TYPE_MISMATCH", false},
        {"two extensions", attachment("application/octet-stream", "invoice.pdf.exe", "x"),
         "NAME_DOUBLE_EXTENSION", true},
        {"blanks between", attachment("application/octet-stream", "invoice.pdf     .exe", "x"),
         "NAME_DOUBLE_EXTENSION", true},
        {"version number", attachment("application/octet-stream", "report.v1.2.pdf", "x"),
         "NAME_DOUBLE_EXTENSION", false},
        {"archive", attachment("application/octet-stream", "a.tar.gz", "x"),
         "NAME_DOUBLE_EXTENSION", false},
        {"turned name", attachment("application/octet-stream", "a\xE2\x80\xAEgpj.exe", "x"),
         "NAME_BIDI", true},
        {"Hebrew name",
         attachment("application/octet-stream", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D.pdf", "x"),
         "NAME_BIDI", false},
        {"IP address", mail("Content-Type: text/plain", "http://192.0.2.1/"), "URL_IP_HOST", true},
        {"host name", mail("Content-Type: text/plain", "http://x.example/"), "URL_IP_HOST", false},
        {"user name", mail("Content-Type: text/plain", "http://bank.example@x.example/"),
         "URL_USERINFO", true},
        {"address in a query", mail("Content-Type: text/plain", "http://x.example/?a=b@c.example"),
         "URL_USERINFO", false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        if (c.found) {
            EXPECT_THAT(codes(scan(c.message)), Contains(c.code));
        } else {
            EXPECT_THAT(codes(scan(c.message)), Not(Contains(c.code)));
        }
    }
}

class CountingEngine : public Engine {
public:
    explicit CountingEngine(std::vector<std::string>& seen) : seen_(seen) {}
    [[nodiscard]] std::string_view name() const override { return "counting"; }
    void examine(const Artifact& artifact, const Budget& /*budget*/,
                 Analysis& /*into*/) const override {
        seen_.push_back(std::string(artifact.type));
    }

private:
    std::vector<std::string>& seen_;
};

class FailingEngine : public Engine {
public:
    [[nodiscard]] std::string_view name() const override { return "failing"; }
    void examine(const Artifact&, const Budget&, Analysis&) const override {
        throw std::bad_alloc();
    }
};

TEST(Pipeline, EnginesSeeEveryObjectOnce) {
    std::vector<std::string> seen;
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<CountingEngine>(seen));
    const std::string twice = mail("Content-Type: multipart/mixed; boundary=b",
                                   "--b\r\n\r\nsame\r\n--b\r\n\r\nsame\r\n--b--\r\n");
    const Report report = scan(twice, {}, engines);
    EXPECT_THAT(seen, testing::ElementsAre("mail", "text"));
    ASSERT_EQ(report.objects.size(), 3U);
    EXPECT_THAT(report.objects[2].flags, Contains("repeated"));
}

TEST(Pipeline, EngineOutOfMemoryIsAnError) {
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<FailingEngine>());
    const Report report = scan(mail("X: y", "hello"), {}, engines);
    EXPECT_FALSE(report.complete());
    ASSERT_FALSE(report.errors.empty());
    EXPECT_EQ(report.errors[0].code, ErrorCode::Resource);
}

TEST(Pipeline, LimitsHoldAtTheirEdges) {
    std::string nested = mail("Content-Type: text/plain", "core");
    for (int i = 0; i < 3; ++i) nested = mail("Content-Type: message/rfc822", nested);
    Limits limits;
    limits.depth = 4;  // three messages and the text
    EXPECT_TRUE(scan(nested, limits).complete());
    limits.depth = 3;
    EXPECT_EQ(scan(nested, limits).limits.front().limit, Limit::Depth);
    limits = {};
    limits.objects = 5;
    EXPECT_TRUE(scan(nested, limits).complete());
    limits.objects = 4;
    EXPECT_EQ(scan(nested, limits).limits.front().limit, Limit::Objects);
    limits = {};
    limits.milliseconds = 0;
    EXPECT_EQ(scan(nested, limits).limits.front().limit, Limit::Time);
}

TEST(Pipeline, DeclaredMessageIsReadAsOne) {
    const Report report = scan(mail("Content-Type: message/rfc822", "X: y\r\n\r\nhello"));
    ASSERT_GE(report.objects.size(), 3U);
    EXPECT_EQ(report.objects[1].type, "mail");
}

TEST(Pipeline, ReportStaysSmallForMessagesOfManyUrls) {
    std::string body;
    for (int i = 0; i < 1000; ++i)
        body += "http://x.example/" + std::to_string(i) + std::string(2000, 'a') + '\n';
    const Report report = scan(mail("Content-Type: text/plain", body));
    EXPECT_FALSE(report.complete());
    std::size_t size = 0;
    for (const Url& url : report.urls) size += url.url.size() + url.normalized.size();
    EXPECT_LT(size, kMaxReport / 2);
}

TEST(Disguise, TypesContradictOnlyWhenBothAreKnown) {
    EXPECT_TRUE(contradicts("zip", "application/zip", "image/png"));
    EXPECT_TRUE(contradicts("html", "text/html", "application/pdf"));
    EXPECT_FALSE(contradicts("data", "application/octet-stream", "application/pdf"));
    EXPECT_FALSE(contradicts("html", "text/html", "text/plain"));
    EXPECT_FALSE(contradicts("docx", "application/zip", "application/octet-stream"));
}

}  // namespace
}  // namespace postern::analyzers
