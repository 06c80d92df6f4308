#include "gateway/transaction/received_reports.hpp"

#include <gtest/gtest.h>

#include "gateway/transaction/message_job.hpp"
#include "tests/gateway/transaction/services_bench.hpp"

namespace postern::transaction {
namespace {

using analyzers::DmarcReport;
using quarantine::ReportSum;
using settings::Action;

/// As an honest worker reads it.
DmarcReport aggregate(const std::string& id = "1") {
    return {.object = 0,
            .reporter = "Receiver",
            .contact = "d@receiver.example",
            .id = id,
            .domain = "dest.example",
            .policy = analyzers::DmarcAction::Reject,
            .begin = 1767225600,
            .end = 1767311999,
            .left_out = 0,
            .rows = {{.source_ip = "192.0.2.1",
                      .count = 7,
                      .disposition = analyzers::DmarcAction::Reject,
                      .header_from = "dest.example",
                      .envelope_from = "",
                      .dkim = {},
                      .spf_domain = "spam.example"}}};
}

analyzers::Report holding(std::vector<DmarcReport> reports) {
    analyzers::Report report = postern::tests::clean_report();
    report.dmarc_reports = std::move(reports);
    return report;
}

class ReceivedReportsTest : public quarantine::StoreFixture {
protected:
    void make(const std::vector<std::string>& reports_to = {"dmarc@dest.example"},
              settings::Settings with = bench_settings(),
              const std::vector<std::string>& sink = {}) {
        with.dmarc.reports_to = reports_to;
        bench.emplace(*store, std::move(with), sink);
        bench->dns.txt("sender.example", {"v=spf1 ip4:" + std::string(kClient) + " -all"});
        bench->dns.txt("_dmarc.sender.example", {"v=DMARC1; p=none"});
        bench->analyzer->answer(holding({aggregate()}));
    }
    int send(const std::vector<std::string>& to = {"DMARC@dest.example"},
             const std::string& text = ordinary_message()) {
        mail = bench->mail(text, to);
        return decide_and_act(*mail).code;
    }
    std::vector<ReportSum> kept(bool unauthenticated = false) {
        return store->received_reports().sums({.unauthenticated = unauthenticated}).value();
    }
    void TearDown() override {
        mail.reset();
        bench.reset();
    }

    std::optional<ServicesBench> bench;
    std::unique_ptr<Mail> mail;
};

TEST_F(ReceivedReportsTest, AReportForOurMailboxIsKeptWithItsProvenSender) {
    make();
    ASSERT_EQ(send(), 250);
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(kept()[0].sender, "sender.example");
    EXPECT_EQ(kept()[0].count, 7U);
    EXPECT_TRUE(kept(true).empty());
    EXPECT_EQ(bench->delivered().size(), 1U);
    ASSERT_EQ(send({"bob@dest.example", "dmarc@dest.example"}), 250);
    EXPECT_EQ(kept()[0].count, 7U);  // the same
    EXPECT_NE(bench->logged().find("\"result\":\"known\""), std::string::npos);
}

TEST_F(ReceivedReportsTest, OneForAnybodyElseIsNot) {
    make();
    ASSERT_EQ(send({"bob@dest.example"}), 250);
    make({});
    ASSERT_EQ(send(), 250);
    EXPECT_TRUE(kept().empty());
    EXPECT_TRUE(kept(true).empty());
}

TEST_F(ReceivedReportsTest, WhatDmarcDoesNotProveIsKeptApart) {
    make();
    std::string other = ordinary_message();
    other.replace(other.find("alice@sender"), 12, "alice@others");
    ASSERT_EQ(send({"dmarc@dest.example"}, other), 250);
    EXPECT_TRUE(kept().empty());
    ASSERT_EQ(kept(true).size(), 1U);
    EXPECT_EQ(kept(true)[0].sender, "");
    bench->services.trusted = {mail::Cidr::parse(std::string(kClient) + "/32").value()};
    bench->analyzer->answer(holding({aggregate("2")}));
    ASSERT_EQ(send(), 250);  // nobody asks who our own machines are
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(kept(true)[0].count, 14U);
}

TEST_F(ReceivedReportsTest, MailThatIsNotDeliveredLeavesNothing) {
    const auto malicious = [] {
        analyzers::Report report = holding({aggregate()});
        report.findings.push_back(analyzers::finding("AV_MATCH", "Eicar-Signature"));
        return report;
    };
    for (const Action action : {Action::Quarantine, Action::Reject, Action::Defer}) {
        settings::Settings settings = bench_settings();
        settings.policy.actions.malware = action;
        make({"dmarc@dest.example"}, std::move(settings));
        bench->analyzer->answer(malicious());
        (void)send();
        EXPECT_TRUE(kept().empty());
        mail.reset();
    }
    settings::Settings settings = bench_settings();
    settings.policy.actions.malware = Action::Tag;
    make({"dmarc@dest.example"}, std::move(settings));
    bench->analyzer->answer(malicious());
    ASSERT_EQ(send(), 250);
    EXPECT_EQ(kept().size(), 1U);
}

TEST_F(ReceivedReportsTest, MailThatTheNextHopPutsOffIsReadWhenItComesAgain) {
    make({"dmarc@dest.example"}, bench_settings(), {"--answer", "452"});
    ASSERT_EQ(send(), 452);
    EXPECT_TRUE(kept().empty());
}

TEST_F(ReceivedReportsTest, AWorkerThatLiesIsNotBelieved) {
    make();
    DmarcReport nobody = aggregate("nobody");
    nobody.reporter.clear();
    DmarcReport backwards = aggregate("backwards");
    backwards.begin = backwards.end + 1;
    DmarcReport dirty = aggregate("dirty");
    dirty.reporter = "A\x1b[31m\nB";
    dirty.domain = "DEST.example";
    dirty.rows[0].source_ip = "192.0.2.1; DROP";
    dirty.rows.push_back(aggregate().rows[0]);
    dirty.rows[1].header_from = "x\x07y";
    dirty.rows[1].dkim = {{"a\nb", "\t", analyzers::DmarcAuthResult::Pass}};
    bench->analyzer->answer(holding({nobody, backwards, dirty}));
    ASSERT_EQ(send(), 250);
    const std::vector<ReportSum> found = kept();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].source_ip, "192.0.2.1");
    EXPECT_EQ(found[0].domain, "dest.example");
    for (const std::string& text : {found[0].reporter, found[0].header_from, found[0].dkim}) {
        EXPECT_EQ(text.find_first_of("\x1b\n\t\x07"), std::string::npos) << text;
    }
    EXPECT_EQ(store->received_reports().totals({}).value().left_out, 1U);
}

TEST_F(ReceivedReportsTest, NoRoomIsALineInTheLogAndTheMailGoesOn) {
    settings::Settings settings = bench_settings();
    make({"dmarc@dest.example"}, settings);
    bench->settings.dmarc.max_rows = 1;
    ASSERT_EQ(send(), 250);
    EXPECT_TRUE(kept().empty());
    EXPECT_NE(bench->logged().find("\"result\":\"no_room\""), std::string::npos);
    EXPECT_EQ(bench->delivered().size(), 1U);
}

}  // namespace
}  // namespace postern::transaction
