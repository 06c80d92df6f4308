#include "gateway/transaction/report_row.hpp"

#include <gtest/gtest.h>

#include "gateway/auth/dmarc/report/stored.hpp"
#include "tests/gateway/transaction/reports_fixture.hpp"

namespace postern::transaction {
namespace {

using auth::DmarcPolicy;
using auth::dmarc::OverrideReason;
using auth::dmarc::ReportRow;
using settings::Action;

settings::Settings without_points(const std::string& more = "") {
    return postern::tests::settings_with(postern::tests::kNoPoints + more);
}

class ReportRowTest : public postern::tests::ReportsFixture<reports::DmarcReports> {
protected:
    void SetUp() override {
        StoreFixture::SetUp();
        now = quarantine::now_ms();
    }
    ServicesBench& make(settings::Settings with = without_points(),
                        const std::vector<std::string>& sink = {}) {
        end();
        bench.emplace(*store, std::move(with), sink);
        reports::ReportSettings settings;
        settings.hostname = "gw.dest.example";
        settings.organization = "Example";
        settings.from = "dmarc@gw.dest.example";
        make_reports(settings);
        bench->services.reports = &*reports;
        return *bench;
    }
    void publish(const std::string& policy) {
        bench->dns.txt("_dmarc.sender.example",
                       {"v=DMARC1; p=" + policy + "; rua=mailto:r@sender.example"});
    }
    /// What was counted so far.
    std::vector<ReportRow> rows() {
        EXPECT_TRUE(reports->flush());
        now += 1;
        EXPECT_TRUE(store->tallies().close(now));
        std::vector<ReportRow> found;
        const auto periods = store->tallies().closed(100).value();
        for (const quarantine::TallyPeriod& period : periods) {
            const auto tallies = store->tallies().rows(period, 100).value();
            for (const quarantine::Tally& each : tallies) {
                const auto row = auth::dmarc::parse_row(each.row);
                EXPECT_TRUE(row) << each.row;
                if (row) found.insert(found.end(), each.count, *row);
            }
        }
        return found;
    }
};

TEST_F(ReportRowTest, TellsWhatWasDoneUnderEachPolicy) {
    const struct {
        const char* title;
        const char* policy;
        const char* reject_course;  ///< [checks.dmarc].reject
        DmarcPolicy disposition;
        OverrideReason reason;
    } cases[] = {
        {"refused as it was wanted", "reject", "reject", DmarcPolicy::Reject, OverrideReason::None},
        {"held instead of refused", "reject", "quarantine", DmarcPolicy::Quarantine,
         OverrideReason::LocalPolicy},
        {"delivered in spite of it", "reject", "score", DmarcPolicy::None,
         OverrideReason::LocalPolicy},
        {"held as it was wanted", "quarantine", "reject", DmarcPolicy::Quarantine,
         OverrideReason::None},
        {"nothing was wanted", "none", "reject", DmarcPolicy::None, OverrideReason::None},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        begin_anew();
        make(without_points(std::string("[checks.dmarc]\nreject = \"") + c.reject_course + "\"\n"));
        publish(c.policy);
        ASSERT_NE(send().code / 100, 4);
        const std::vector<ReportRow> counted = rows();
        ASSERT_EQ(counted.size(), 1U);
        EXPECT_EQ(counted[0].disposition, c.disposition);
        EXPECT_EQ(counted[0].reason, c.reason);
        EXPECT_EQ(counted[0].source_ip, kClient);
        EXPECT_EQ(counted[0].header_from, "sender.example");
        EXPECT_EQ(counted[0].result, auth::DmarcResult::Fail);
    }
}

TEST_F(ReportRowTest, WhatOtherChecksDidIsNotDmarcs) {
    settings::Settings settings = without_points();
    settings.policy.actions.malware = Action::Reject;
    make(std::move(settings));
    publish("none");
    bench->analyzer->answer(postern::tests::report_with("AV_MATCH", "Eicar-Signature"));
    ASSERT_EQ(send().code, 554);
    const std::vector<ReportRow> counted = rows();
    ASSERT_EQ(counted.size(), 1U);
    EXPECT_EQ(counted[0].disposition, DmarcPolicy::None);
}

TEST_F(ReportRowTest, WhatMetATemporaryReplyIsCountedWhenItComesAgain) {
    make(without_points(), {"--answer", "452"});
    publish("none");
    ASSERT_EQ(send().code, 452);
    EXPECT_TRUE(rows().empty());
}

TEST_F(ReportRowTest, EachMessageIsCountedAndAlikeOnesTogether) {
    make();
    publish("none");
    for (int i = 0; i < 3; ++i) ASSERT_EQ(send().code, 250);
    EXPECT_EQ(rows().size(), 3U);
}

TEST_F(ReportRowTest, NobodyIsToldWhoDidNotAsk) {
    make();
    ASSERT_EQ(send().code, 250);  // no policy
    bench->dns.txt("_dmarc.sender.example", {"v=DMARC1; p=none"});
    ASSERT_EQ(send().code, 250);  // no rua
    EXPECT_TRUE(rows().empty());
}

TEST_F(ReportRowTest, ReportsAreAboutStrangers) {
    settings::Settings settings = without_points();
    settings.auth.trusted_clients = true;
    make(std::move(settings));
    publish("none");
    bench->services.trusted = {mail::Cidr::parse(std::string(kClient) + "/32").value()};
    ASSERT_EQ(send().code, 250);
    EXPECT_TRUE(mail->facts.connection.trusted);
    EXPECT_TRUE(rows().empty());
}

TEST_F(ReportRowTest, WithoutReportsNothingIsKeptForThem) {
    make();
    publish("none");
    bench->services.reports = nullptr;
    ASSERT_EQ(send().code, 250);
    EXPECT_FALSE(mail->evaluation);
    EXPECT_TRUE(rows().empty());
}

}  // namespace
}  // namespace postern::transaction
