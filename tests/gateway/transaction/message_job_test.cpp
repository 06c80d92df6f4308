#include "gateway/transaction/message_job.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/transaction/services_bench.hpp"

namespace postern::transaction {
namespace {

using postern::tests::clean_report;
using postern::tests::report_with;
using settings::Action;
using Options = std::vector<std::string>;

class MessageJobTest : public quarantine::StoreFixture {
protected:
    void SetUp() override {
        StoreFixture::SetUp();
        now = quarantine::now_ms();
    }
    ServicesBench& make(settings::Settings with = bench_settings(), const Options& sink = {},
                        bool has_analyzer = true) {
        mail.reset();
        bench.emplace(*store, std::move(with), sink, has_analyzer);
        return *bench;
    }
    /// The reply to a message for these recipients, as the client hears it.
    std::string reply_to(const std::string& text, const Options& to = {"bob@dest.example"}) {
        mail = bench->mail(text, to);
        return words_of(decide_and_act(*mail));
    }
    std::vector<quarantine::Summary> held() { return store->list({}).value().records; }
    Options recipients_of(const quarantine::Summary& summary) {
        Options paths;
        for (const auto& each : summary.recipients) paths.push_back(each.forward_path);
        return paths;
    }
    std::string only_delivered() {
        const Options texts = bench->delivered();
        EXPECT_EQ(texts.size(), 1U);
        return texts.empty() ? std::string() : texts.front();
    }
    double count(const std::string& series) {
        const std::string text = bench->registry.text();
        const std::size_t at = text.find(series + " ");
        return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 1));
    }

    std::optional<ServicesBench> bench;
    std::unique_ptr<Mail> mail;
};

TEST_F(MessageJobTest, CleanMailIsDeliveredByteForByteUnderOurFields) {
    make();
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("250 2.0.0 "));
    const std::string text = only_delivered();
    ASSERT_TRUE(text.ends_with(ordinary_message())) << text;
    const std::string fields = text.substr(0, text.size() - ordinary_message().size());
    EXPECT_TRUE(fields.starts_with("X-Postern-Verdict: deliver; class=clean; ")) << fields;
    EXPECT_NE(fields.find("\r\nReceived: from out.sender.example"), std::string::npos) << fields;
    EXPECT_NE(fields.find("Authentication-Results: gw.dest.example"), std::string::npos) << fields;
    EXPECT_NE(fields.find(mail->id.text()), std::string::npos) << fields;
    EXPECT_TRUE(held().empty());
    EXPECT_EQ(count(R"(postern_messages_total{action="deliver",class="clean"})"), 1);
    EXPECT_NE(bench->logged().find("\"event\":\"message\",\"id\":\"" + mail->id.text()),
              std::string::npos)
        << bench->logged();
}

TEST_F(MessageJobTest, WhatIsHeldIsAnsweredLikeWhatIsDelivered) {
    make();
    const std::string delivered = reply_to(ordinary_message());
    const std::string first = mail->id.text();
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    std::string kept = reply_to(ordinary_message());
    ASSERT_NE(kept.find(mail->id.text()), std::string::npos);
    kept.replace(kept.find(mail->id.text()), first.size(), first);
    EXPECT_EQ(kept, delivered);
    EXPECT_EQ(bench->delivered().size(), 1U);
    ASSERT_EQ(held().size(), 1U);
    const quarantine::Summary summary = held().front();
    EXPECT_EQ(summary.id, mail->id);
    EXPECT_EQ(summary.verdict, quarantine::VerdictClass::Malware);
    EXPECT_EQ(summary.client_ip, kClient);
    EXPECT_EQ(recipients_of(summary), Options{"bob@dest.example"});
    EXPECT_EQ(bytes_of(summary.id), ordinary_message());
    EXPECT_NE(store->show(summary.id)->report_json.find("Eicar-Signature"), std::string::npos);
}

TEST_F(MessageJobTest, PolicyMayRefuseMalwareWhichIsThenKeptNowhere) {
    settings::Settings settings = bench_settings();
    settings.policy.actions.malware = Action::Reject;
    make(std::move(settings));
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("554 5.7.1 "));
    EXPECT_TRUE(held().empty());
    EXPECT_TRUE(bench->delivered().empty());
    EXPECT_EQ(count(R"(postern_messages_total{action="reject",class="malware"})"), 1);
}

TEST_F(MessageJobTest, AnAnalysisThatIsNotCompleteIsNeverClean) {
    make();
    analyzers::Report report = clean_report();
    report.errors.push_back({0U, "archive", analyzers::ErrorCode::Encrypted, "list.zip"});
    bench->analyzer->answer(report);
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("250 "));
    EXPECT_TRUE(bench->delivered().empty());
    ASSERT_EQ(held().size(), 1U);
    EXPECT_EQ(held().front().verdict, quarantine::VerdictClass::Unscanned);
}

TEST_F(MessageJobTest, WhatNoWorkerLivedToTellIsTakenFromTheHeader) {
    make();
    analyzers::Report report = clean_report();
    report.message = {};
    report.errors.push_back({{}, "jail", analyzers::ErrorCode::Timeout, "ended at its deadline"});
    bench->analyzer->answer(report);
    EXPECT_TRUE(reply_to("From: \"Eve, of accounts\" <eve@a.example>, <bob@a.example>\r\n"
                         "Subject: =?utf-8?q?Your?=\r\n invoice\x07\r\nSubject: another\r\n"
                         "message-id: <7@a.example>\r\n\r\nbody\r\n")
                    .starts_with("250 "));
    ASSERT_EQ(held().size(), 1U);
    const quarantine::Summary summary = held().front();
    EXPECT_EQ(summary.verdict, quarantine::VerdictClass::Unscanned);
    EXPECT_TRUE(summary.subject.starts_with("=?utf-8?q?Your?= invoice")) << summary.subject;
    EXPECT_EQ(summary.subject.find('\x07'), std::string::npos);
    EXPECT_EQ(summary.message_id, "<7@a.example>");
    EXPECT_EQ(summary.from, (Options{"eve@a.example", "bob@a.example"}));
}

TEST_F(MessageJobTest, WithoutAnAnalyzerTheClientKeepsTheMessage) {
    settings::Settings settings = bench_settings();
    settings.analysis.deadline = std::chrono::milliseconds(50);
    make(std::move(settings), {}, false);
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("451 4.3.0 "));
    EXPECT_TRUE(held().empty());
    EXPECT_TRUE(bench->delivered().empty());
    EXPECT_NE(bench->logged().find("\"analyzer_missing\""), std::string::npos);
}

TEST_F(MessageJobTest, AStoreThatCannotKeepItLeavesItWithTheClient) {
    make();
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    // A file where the folder of the blobs was: nothing can be written there, by nobody.
    const std::string blobs = location_in(folder).blobs;
    std::filesystem::remove_all(blobs);
    std::ofstream(blobs) << "x";
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("451 4.3.0 "));
    EXPECT_TRUE(held().empty());
    EXPECT_TRUE(bench->delivered().empty());
}

TEST_F(MessageJobTest, TheNextHopsAnswerIsTheClientsAnswer) {
    for (const char* code : {"452", "554"}) {
        SCOPED_TRACE(code);
        make(bench_settings(), {"--answer", code});
        const std::string reply = reply_to(ordinary_message());
        EXPECT_TRUE(reply.starts_with(code)) << reply;
        EXPECT_NE(reply.find(mail->id.text()), std::string::npos) << reply;
        EXPECT_TRUE(held().empty());
    }
}

TEST_F(MessageJobTest, ANextHopThatIsLostBehindTheDotIsTriedAgain) {
    make(bench_settings(), {"--drop", "dot"});
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("451 4.4.1 "));
}

TEST_F(MessageJobTest, RecipientsOfAnotherPolicyAreDecidedForThemselves) {
    settings::Settings settings = bench_settings();
    settings::PolicyRule rule;
    rule.name = "strict";
    rule.recipients = {"strict@dest.example"};
    rule.thresholds = {-100, -99, 1000};
    settings.policy.rules.push_back(rule);
    make(std::move(settings));
    EXPECT_TRUE(reply_to(ordinary_message(), {"bob@dest.example", "strict@dest.example"})
                    .starts_with("250 "));
    ASSERT_EQ(held().size(), 1U);
    EXPECT_EQ(recipients_of(held().front()), Options{"strict@dest.example"});
    EXPECT_TRUE(only_delivered().ends_with(ordinary_message()));
    ASSERT_EQ(bench->sink.envelopes().size(), 1U);
    const std::string envelope = bench->sink.envelopes().begin()->second;
    EXPECT_NE(envelope.find("bob@dest.example"), std::string::npos) << envelope;
    EXPECT_EQ(envelope.find("strict@"), std::string::npos) << envelope;
    EXPECT_EQ(bench->analyzer->jobs(), 1) << "scanned once, decided per recipient";
}

TEST_F(MessageJobTest, ResultsInOurNameThatCameAlongAreTakenOut) {
    make();
    const std::string forged = "Authentication-Results: gw.dest.example; dkim=pass\r\n";
    const std::string foreign = "Authentication-Results: other.example; dkim=pass\r\n";
    EXPECT_TRUE(reply_to(ordinary_message(forged + foreign)).starts_with("250 "));
    const std::string text = only_delivered();
    EXPECT_EQ(text.find(forged), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with(ordinary_message(foreign))) << text;
}

TEST_F(MessageJobTest, ADomainThatWantsItsForgeriesRefusedHasThemRefused) {
    make();
    bench->dns.txt("_dmarc.sender.example", {"v=DMARC1; p=reject"});
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("550 5.7.26 "));
    EXPECT_TRUE(bench->delivered().empty());
    bench->dns.txt("sender.example", {std::string("v=spf1 ip4:") + kClient + " -all"});
    EXPECT_TRUE(reply_to(ordinary_message()).starts_with("250 "));
    EXPECT_NE(only_delivered().find("dmarc=pass"), std::string::npos);
}

TEST_F(MessageJobTest, AuthorsAreRememberedWhenTheirMailWasTaken) {
    make();
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    ASSERT_TRUE(reply_to(ordinary_message()).starts_with("250 "));
    const auto first_contact = [this] {
        const std::string line = bench->logged();
        return line.rfind("FIRST_CONTACT") != std::string::npos &&
               line.rfind("FIRST_CONTACT") > line.rfind("\"event\":\"message\"");
    };
    EXPECT_TRUE(first_contact());
    bench->analyzer->answer(clean_report());
    ASSERT_TRUE(reply_to(ordinary_message()).starts_with("250 "));
    EXPECT_TRUE(first_contact()) << "malware makes no acquaintance";
    ASSERT_TRUE(reply_to(ordinary_message()).starts_with("250 "));
    EXPECT_FALSE(first_contact()) << bench->logged();
}

}  // namespace
}  // namespace postern::transaction
