#include <gtest/gtest.h>

#include "gateway/transaction/report_row.hpp"
#include "tests/gateway/transaction/reports_fixture.hpp"

namespace postern::transaction {
namespace {

using postern::tests::kNoPoints;
using postern::tests::settings_with;

class ReportFailureTest : public postern::tests::ReportsFixture<reports::FailureReports> {
protected:
    void make(settings::Settings with = settings_with(kNoPoints),
              const std::vector<std::string>& sink = {}, const char* policy = "none") {
        end();
        bench.emplace(*store, std::move(with), sink);
        reports::FailureReportSettings settings;
        settings.hostname = settings.authserv_id = "gw.dest.example";
        settings.from = "dmarc@gw.dest.example";
        make_reports(settings);
        bench->services.failure_reports = &*reports;
        bench->dns.txt("_dmarc.sender.example",
                       {std::string("v=DMARC1; p=") + policy + "; ruf=mailto:r@sender.example"});
    }
};

TEST_F(ReportFailureTest, TellsWhatTheClientHeardAndWhatThePolicyDid) {
    const struct {
        const char* title;
        const char* policy;
        std::string more;
        int code;
        const char* told;
        bool held = false;
    } cases[] = {
        {"delivered", "none", kNoPoints, 250, "delivered"},
        {"held as spam: nobody learns that", "none", "[policy]\ntag = 0.1\nquarantine = 0.2\n", 250,
         "delivered", true},
        {"held as it was wanted", "quarantine", kNoPoints, 250, "policy", true},
        {"refused", "reject", kNoPoints, 550, "reject"},
        {"delivered in spite of it", "reject", kNoPoints + "[checks.dmarc]\nreject = \"score\"\n",
         250, "delivered"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        begin_anew();
        make(settings_with(c.more), {}, c.policy);
        ASSERT_EQ(send().code, c.code);
        EXPECT_EQ(!store->list({}).value().records.empty(), c.held);
        ASSERT_EQ(reports->run_once(), 1U);
        const auto owed = store->outbox().list(100).value();
        ASSERT_EQ(owed.size(), 1U);
        EXPECT_EQ(owed[0].forward_path, "r@sender.example");
        const std::string told = bytes_of(owed[0].record);
        EXPECT_NE(told.find(std::string("Delivery-Result: ") + c.told + "\r\n"), told.npos) << told;
        EXPECT_NE(told.find(std::string("Source-IP: ") + kClient + "\r\n"), told.npos);
        EXPECT_NE(told.find("Identity-Alignment: dkim, spf\r\n"), told.npos);
    }
}

TEST_F(ReportFailureTest, WhatMetATemporaryReplyIsNotReported) {
    make(settings_with(kNoPoints), {"--answer", "452"});
    ASSERT_EQ(send().code, 452);
    EXPECT_EQ(reports->run_once(), 0U);
}

TEST_F(ReportFailureTest, ReportsAreAboutStrangers) {
    make(settings_with(kNoPoints + "[auth]\ntrusted_clients = true\n"));
    bench->services.trusted = {mail::Cidr::parse(std::string(kClient) + "/32").value()};
    ASSERT_EQ(send().code, 250);
    EXPECT_EQ(reports->run_once(), 0U);
}

TEST_F(ReportFailureTest, WithoutReportsNothingIsKeptForThem) {
    make();
    bench->services.failure_reports = nullptr;
    ASSERT_EQ(send().code, 250);
    EXPECT_FALSE(mail->evaluation);
    EXPECT_EQ(reports->run_once(), 0U);
}

}  // namespace
}  // namespace postern::transaction
