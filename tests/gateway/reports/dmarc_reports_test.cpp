#include "gateway/reports/dmarc_reports.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "gateway/auth/dmarc/report/stored.hpp"
#include "gateway/observe/log.hpp"
#include "tests/quarantine/store_fixture.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::reports {
namespace {

using auth::dmarc::Reportable;
using quarantine::DeliveryState;
using quarantine::TallyPeriod;

constexpr quarantine::UnixMs kHour = 3600 * 1000;

Reportable reportable(const std::string& domain, const std::string& ip = "192.0.2.1") {
    Reportable made;
    made.policy.domain = domain;
    made.policy.record =
        *auth::dmarc::parse_record("v=DMARC1; p=reject; rua=mailto:reports@" + domain);
    made.row.source_ip = ip;
    made.row.result = auth::DmarcResult::Fail;
    made.row.disposition = auth::DmarcPolicy::Reject;
    made.row.header_from = domain;
    made.row.spf_domain = "other.example";
    made.row.spf = auth::SpfResult::Fail;
    return made;
}

class Reports : public quarantine::StoreFixture {
protected:
    ReportSettings settings() {
        ReportSettings made;
        made.hostname = "gateway.example";
        made.organization = "Example";
        made.from = "dmarc@gateway.example";
        return made;
    }
    DmarcReports reports() {
        return DmarcReports(*store, resolver, signer, log, settings_,
                            [this] { return now.load(); });
    }
    /// Recipient of everything that is owed.
    std::vector<std::string> owed() {
        std::vector<std::string> found;
        const std::vector<quarantine::Delivery> items = store->outbox().list(100).value();
        for (const auto& each : items) found.push_back(each.forward_path);
        return found;
    }
    std::string first_mail() { return bytes_of(store->outbox().list(1).value().front().record); }
    std::vector<TallyPeriod> closed() { return store->tallies().closed(100).value(); }

    tests::FakeResolver resolver;
    auth::OutgoingSigner signer = auth::OutgoingSigner::make({}, {}, "").value();
    observe::Log log{UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    ReportSettings settings_ = settings();
};

TEST_F(Reports, AnIntervalIsReportedWhenItIsOver) {
    DmarcReports sender = reports();
    sender.add(reportable("a.example"));
    sender.add(reportable("a.example"));
    sender.add(reportable("b.example"));
    ASSERT_TRUE(sender.flush());
    now += 24 * kHour - 1;
    EXPECT_EQ(sender.run_once(), 0U);
    EXPECT_TRUE(owed().empty());
    now += 1;
    EXPECT_EQ(sender.run_once(), 2U);
    EXPECT_EQ(owed(), (std::vector<std::string>{"reports@b.example", "reports@a.example"}));
    EXPECT_TRUE(closed().empty());
    const std::string mail = first_mail();
    EXPECT_NE(mail.find("To: <reports@b.example>\r\n"), std::string::npos) << mail;
    const auto item = store->outbox().list(1).value().front();
    const quarantine::Summary summary = summary_of(item.record);
    EXPECT_EQ(summary.reverse_path, "dmarc@gateway.example");
    EXPECT_EQ(summary.client_ip, "");
    EXPECT_EQ(sender.run_once(), 0U);  // told once
}

TEST_F(Reports, WhatWasWrittenSurvivesTheProcess) {
    {
        DmarcReports killed = reports();
        killed.add(reportable("a.example"));
        ASSERT_TRUE(killed.flush());
    }
    reopen();
    now += 24 * kHour;
    EXPECT_EQ(reports().run_once(), 1U);
}

TEST_F(Reports, WhatWasNotQueuedStaysAndIsTriedAgain) {
    DmarcReports sender = reports();
    sender.add(reportable("a.example"));
    ASSERT_TRUE(sender.flush());
    now += 24 * kHour;
    // Closed by a process that was killed before it could queue anything.
    ASSERT_TRUE(store->tallies().close(now).value_or(false));
    ASSERT_EQ(closed().size(), 1U);
    EXPECT_EQ(reports().run_once(), 1U);
    EXPECT_TRUE(closed().empty());
}

TEST_F(Reports, ALookUpThatFailsIsTriedForThreeDays) {
    Reportable external = reportable("a.example");
    external.policy.record =
        *auth::dmarc::parse_record("v=DMARC1; p=none; rua=mailto:x@elsewhere.test");
    resolver.fails("a.example._report._dmarc.elsewhere.test", dns::RecordType::Txt);
    DmarcReports sender = reports();
    sender.add(external);
    ASSERT_TRUE(sender.flush());
    now += 24 * kHour;
    EXPECT_EQ(sender.run_once(), 0U);
    EXPECT_EQ(closed().size(), 1U);
    now += 71 * kHour;
    EXPECT_EQ(sender.run_once(), 0U);
    EXPECT_EQ(closed().size(), 1U);
    now += 1 * kHour;
    EXPECT_EQ(sender.run_once(), 0U);
    EXPECT_TRUE(closed().empty());
    EXPECT_TRUE(owed().empty());
}

TEST_F(Reports, ADestinationElsewhereHasToAgree) {
    for (const bool agrees : {false, true}) {
        Reportable external = reportable("a.example");
        external.policy.record =
            *auth::dmarc::parse_record("v=DMARC1; p=none; rua=mailto:x@elsewhere.test");
        if (agrees) resolver.txt("a.example._report._dmarc.elsewhere.test", {"v=DMARC1"});
        DmarcReports sender = reports();
        sender.add(external);
        ASSERT_TRUE(sender.flush());
        now += 24 * kHour;
        EXPECT_EQ(sender.run_once(), agrees ? 1U : 0U);
        EXPECT_TRUE(closed().empty());
    }
}

TEST_F(Reports, RowsOfAnIntervalAreBounded) {
    settings_.most_rows = 2;
    DmarcReports sender = reports();
    for (const char* ip : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"}) {
        sender.add(reportable("a.example", ip));
        ASSERT_TRUE(sender.flush());
    }
    now += 24 * kHour;
    ASSERT_TRUE(store->tallies().close(now).value_or(false));
    const auto rows = store->tallies().rows(closed().front(), 100).value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].count + rows[1].count, 3U);
}

TEST_F(Reports, AMailThatIsTooLargeIsNotSent) {
    settings_.most_bytes = 100;
    DmarcReports sender = reports();
    sender.add(reportable("a.example"));
    ASSERT_TRUE(sender.flush());
    now += 24 * kHour;
    (void)sender.run_once();
    EXPECT_TRUE(owed().empty());
    EXPECT_TRUE(closed().empty());
}

TEST_F(Reports, WhatWaitsIsWrittenWhenTheThreadStops) {
    DmarcReports sender = reports();
    sender.add(reportable("a.example"));
    sender.start();
    sender.stop();
    EXPECT_GT(store->tallies().begun().value_or(0), 0);
}

TEST(StoredRows, ComeBackAsTheyWere) {
    Reportable made = reportable("a.example");
    made.row.dkim = {{"a.example", "s1", auth::DkimResult::Pass},
                     {"b.example", "s2", auth::DkimResult::PermError}};
    made.row.reason = auth::dmarc::OverrideReason::LocalPolicy;
    made.row.envelope_from = "x.example";
    const auto row = auth::dmarc::parse_row(row_text(made.row));
    ASSERT_TRUE(row.has_value());
    EXPECT_EQ(*row, made.row);
    for (const char* record : {"v=DMARC1; p=none; rua=mailto:a@b.org",
                               "v=DMARC1; p=reject; sp=none; np=quarantine; "
                               "adkim=s; aspf=s; t=y; fo=1:d:s; "
                               "rua=mailto:a@b.org,mailto:c@d.org; "
                               "ruf=mailto:e@f.org"}) {
        made.policy.record = *auth::dmarc::parse_record(record);
        const std::string text = policy_text(made.policy);
        const auto policy = auth::dmarc::parse_policy(text);
        ASSERT_TRUE(policy.has_value());
        EXPECT_EQ(policy_text(*policy), text);
        EXPECT_EQ(policy->record.rua, made.policy.record.rua);
        EXPECT_EQ(policy->record.policy, made.policy.record.policy);
        EXPECT_EQ(policy->record.subdomain_policy, made.policy.record.subdomain_policy);
        EXPECT_EQ(policy->record.nonexistent_policy, made.policy.record.nonexistent_policy);
        EXPECT_EQ(policy->record.dkim, made.policy.record.dkim);
        EXPECT_EQ(policy->record.testing, made.policy.record.testing);
    }
}

TEST(StoredRows, HoldAtMostSoMuchOfAStrangersText) {
    Reportable made = reportable("a.example");
    made.row.dkim.assign(100, {std::string(10'000, 'd'), std::string(10'000, 's'), {}});
    EXPECT_LT(row_text(made.row).size(), 16'384U);
    made.policy.record.rua.assign(1000, "mailto:a@b.org");
    made.policy.record.rua.emplace_back(60'000, 'x');
    EXPECT_LT(policy_text(made.policy).size(), 8192U);
}

TEST(StoredRows, NonsenseIsNoRow) {
    for (const char* text : {"", "{}", "[]", R"({"ip":1})", "x v=DMARC1"}) {
        EXPECT_FALSE(auth::dmarc::parse_row(text).has_value()) << text;
    }
    for (const char* text : {"", "a.example", " v=DMARC1; p=none", "a.example v=spf1"}) {
        EXPECT_FALSE(auth::dmarc::parse_policy(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace postern::reports
