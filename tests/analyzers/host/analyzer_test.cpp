/// @file The real program: signatures of our own, mails with EICAR, in the real jail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "analyzers/base/base64.hpp"
#include "analyzers/clamav/canary.hpp"
#include "sandbox/policy.hpp"
#include "tests/analyzers/clamav/database.hpp"
#include "tests/analyzers/host/processes.hpp"
#include "tests/analyzers/host/started.hpp"

namespace postern::host {
namespace {

using analyzers::ErrorCode;
using analyzers::Report;
using ::testing::HasSubstr;
using testing_support::eicar;
using testing_support::Folder;
using testing_support::hex;

std::string header() {
    return "From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
           "Message-ID: <1@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n";
}

std::string plain_mail() {
    return header() + "Content-Type: text/plain\r\n\r\nGood morning.\r\n";
}

std::string attached(std::string_view content) {
    return header() +
           "Content-Type: application/octet-stream; name=\"a.bin\"\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n" +
           base64_encode(as_bytes(content)) + "\r\n";
}

/// Signatures in a folder of their own, and an analyzer that has loaded them.
class Analyzer : public ::testing::Test {
protected:
    Analyzer() {
        if (sandbox::kSanitized) return;
        database_.write("test.ndb", "Eicar-Test:0:*:" + hex(eicar()) + "\n");
        settings_.clamav = database_.path();
        started_ = std::make_unique<Started>(kAnalyzer, settings_);
    }
    void SetUp() override {
        if (sandbox::kSanitized) GTEST_SKIP() << "the whole jail is not there with sanitizers";
        ASSERT_TRUE(started_->generation);
    }
    Report analyze(const std::string& bytes, MessageKind kind = MessageKind::Message) {
        auto report = started_->analyze(bytes, kind);
        EXPECT_TRUE(report);
        return report ? std::move(report).value() : Report{};
    }

    Folder database_;
    AnalyzerSettings settings_;
    std::unique_ptr<Started> started_;
};

bool has_match(const Report& report) {
    return std::any_of(report.findings.begin(), report.findings.end(), [](const auto& finding) {
        return finding.code == "AV_MATCH" && finding.detail == "Eicar-Test";
    });
}

TEST_F(Analyzer, SaysWhatItHasLoadedAndHowItIsConfined) {
    EXPECT_THAT(started_->generation->status(), HasSubstr("\"signatures\":1"));
    EXPECT_THAT(started_->generation->status(), HasSubstr("\"seccomp\":true"));
}

TEST_F(Analyzer, OrdinaryMailIsReadWholeAndNothingIsFound) {
    const Report report = analyze(plain_mail());
    EXPECT_TRUE(report.complete());
    EXPECT_FALSE(has_match(report));
    EXPECT_EQ(report.message.subject, "hello");
    ASSERT_GE(report.objects.size(), 1U);
    EXPECT_EQ(report.objects[0].type, "mail");
}

TEST_F(Analyzer, FindsEicarHoweverItIsWrapped) {
    const struct {
        const char* title;
        std::string mail;
    } cases[] = {
        {"in the body", header() + "\r\n" + eicar() + "\r\n"},
        {"base64", attached(eicar())},
        {"zip", attached(analyzers::clamav::zip_of(eicar()))},
        {"zip in zip in zip", attached(analyzers::clamav::zip_of(
                                  analyzers::clamav::zip_of(analyzers::clamav::zip_of(eicar()))))},
        {"zip in a mail in a mail", header() + "Content-Type: message/rfc822\r\n\r\n" +
                                        attached(analyzers::clamav::zip_of(eicar()))},
        {"base64 mail in a zip", attached(analyzers::clamav::zip_of(attached(eicar())))},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_TRUE(has_match(analyze(c.mail)));
    }
}

TEST_F(Analyzer, AFileThatIsNoMailIsAnObject) {
    const Report report = analyze(analyzers::clamav::zip_of(eicar()), MessageKind::Object);
    EXPECT_TRUE(has_match(report));
    EXPECT_EQ(report.objects.at(0).type, "zip");
    EXPECT_EQ(report.objects.at(0).path, "object");
}

TEST_F(Analyzer, EmptyAndMeaninglessMessagesGetAReport) {
    for (const std::string& bytes :
         {std::string(), std::string("\0\xFF\x80", 3), std::string(100000, '\n')}) {
        EXPECT_GE(analyze(bytes).objects.size(), 1U);
    }
}

TEST_F(Analyzer, LimitsComeAlongWithTheJob) {
    std::string nested = "x";
    for (int i = 0; i < 4; ++i) nested = analyzers::clamav::zip_of(nested);
    EXPECT_TRUE(analyze(attached(nested)).limits.empty());
    started_->limits.depth = 2;
    const Report report = analyze(attached(nested));
    ASSERT_FALSE(report.limits.empty());
    EXPECT_EQ(report.limits[0].limit, analyzers::Limit::Depth);
    EXPECT_EQ(report.limits[0].configured, 2U);
}

TEST_F(Analyzer, JobsSurviveTheDeathOfTheirZygote) {
    std::atomic<int> found{0};
    std::atomic<int> asked{0};
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            for (int round = 0; round < 25; ++round) {
                const auto report = started_->analyze(attached(eicar()));
                ++asked;
                if (report && has_match(*report)) ++found;
            }
        });
    }
    for (int death = 0; death < 2; ++death) {
        const int before = asked;
        while (asked < before + 10) std::this_thread::yield();
        ASSERT_TRUE(testing_support::kill_zygote(started_->generation->process()));
        bool again = false;
        for (const auto until = Clock::now() + 30s; !again && Clock::now() < until;) {
            again = started_->generation->pump();
        }
        ASSERT_TRUE(again);
        started_->door.set_channel(started_->connect());
    }
    callers.clear();
    EXPECT_EQ(found, 100);
}

// What cannot serve says why and never becomes ready.
TEST(AnalyzerRefuses, SignaturesThatDoNotLoad) {
    if (sandbox::kSanitized) GTEST_SKIP() << "the whole jail is not there with sanitizers";
    const Folder bad;
    bad.write("bad.ndb", "Name:0:*:zzzz\n");
    const Folder rules;
    rules.write("bad.yar", "rule broken { condition: nonsense }\n");
    AnalyzerSettings bad_database;
    bad_database.clamav = bad.path();
    AnalyzerSettings no_database;
    no_database.clamav = "/nonexistent/folder";
    AnalyzerSettings bad_rules;
    bad_rules.yara = {rules.path().string()};
    const struct {
        const char* title;
        AnalyzerSettings settings;
        const char* says;
    } cases[] = {{"a damaged database", bad_database, "bad.ndb"},
                 {"no database folder", no_database, "/nonexistent/folder"},
                 {"a rule that does not compile", bad_rules, "bad.yar"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        auto started = Generation::start(kAnalyzer, c.settings);
        ASSERT_TRUE(started);
        const auto ready = (*started)->wait_ready(60s);
        ASSERT_FALSE(ready);
        EXPECT_THAT(ready.error(), HasSubstr(c.says));
    }
}

TEST(AnalyzerRefuses, ToCallMailCleanWithoutSignatures) {
    if (sandbox::kSanitized) GTEST_SKIP() << "the whole jail is not there with sanitizers";
    const Folder empty;
    AnalyzerSettings settings;
    settings.clamav = empty.path();
    Started started(kAnalyzer, settings);
    ASSERT_TRUE(started.generation);
    const auto report = started.analyze(plain_mail());
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->complete());
    EXPECT_EQ(report->errors.at(0).code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace postern::host
