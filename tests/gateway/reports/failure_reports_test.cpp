#include "gateway/reports/failure_reports.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "gateway/observe/log.hpp"
#include "tests/quarantine/store_fixture.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::reports {
namespace {

using auth::dmarc::FailedMessage;

constexpr quarantine::UnixMs kHour = 3600 * 1000;

FailedMessage failed(const std::string& domain, const std::string& ruf = "") {
    static int made_so_far = 0;
    FailedMessage made;
    made.id = "id" + std::to_string(++made_so_far);
    made.policy_domain = domain;
    made.ruf = {ruf.empty() ? "mailto:ruf@" + domain : ruf};
    made.failures = {true, true, false, true};
    made.client_ip = "192.0.2.1";
    made.reverse_path = "alice@" + domain;
    made.recipients = {"bob@dest.example"};
    made.header.block = "From: <alice@" + domain + ">\r\nTo: Bob <bob@dest.example>\r\n";
    made.results.spf.emplace().result = auth::SpfResult::Fail;
    made.results.spf->domain = domain;
    auth::Dmarc& dmarc = made.results.dmarc.emplace();
    dmarc.result = auth::DmarcResult::Fail;
    dmarc.domain = dmarc.policy_domain = dmarc.organizational_domain = domain;
    return made;
}

class Failures : public quarantine::StoreFixture {
protected:
    static FailureReportSettings settings() {
        FailureReportSettings made;
        made.hostname = made.authserv_id = "gateway.example";
        made.organization = "Example";
        made.from = "dmarc@gateway.example";
        return made;
    }
    FailureReports reports() {
        return FailureReports(*store, resolver, signer, log, settings_,
                              [this] { return now.load(); });
    }
    std::size_t send(FailureReports& reports, const std::string& domain, std::size_t count = 1) {
        for (std::size_t i = 0; i < count; ++i) reports.add(failed(domain));
        return reports.run_once();
    }
    std::vector<std::string> owed() {
        std::vector<std::string> found;
        const std::vector<quarantine::Delivery> items = store->outbox().list(1000).value();
        for (const auto& each : items) found.push_back(each.forward_path);
        return found;
    }
    std::string first_mail() { return bytes_of(store->outbox().list(1).value().front().record); }

    tests::FakeResolver resolver;
    auth::OutgoingSigner signer = auth::OutgoingSigner::make({}, {}, "").value();
    observe::Log log{UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    FailureReportSettings settings_ = settings();
};

TEST_F(Failures, AReportIsInTheOutboxAsMailOfOurOwn) {
    resolver.txt("a.example", {"other", "v=spf1 -all"});
    FailureReports sender = reports();
    EXPECT_EQ(send(sender, "a.example"), 1U);
    EXPECT_EQ(owed(), std::vector<std::string>{"ruf@a.example"});
    const quarantine::Summary summary = summary_of(store->outbox().list(1).value().front().record);
    EXPECT_EQ(summary.reverse_path, "dmarc@gateway.example");
    EXPECT_EQ(summary.subject, "DMARC failure report for a.example");
    const std::string mail = first_mail();
    EXPECT_NE(mail.find("Message-ID: " + summary.message_id + "\r\n"), mail.npos) << mail;
    EXPECT_NE(mail.find("SPF-DNS: txt : a.example : \"v=spf1 -all\"\r\n"), mail.npos) << mail;
    EXPECT_EQ(mail.find("bob"), mail.npos) << mail;
    EXPECT_EQ(sender.run_once(), 0U);  // told once
}

TEST_F(Failures, ADestinationElsewhereHasToAgree) {
    const std::string ruf = "mailto:x@elsewhere.test";
    FailureReports sender = reports();
    sender.add(failed("a.example", ruf));
    EXPECT_EQ(sender.run_once(), 0U);
    resolver.fails("a.example._report._dmarc.elsewhere.test", dns::RecordType::Txt);
    sender.add(failed("a.example", ruf));
    EXPECT_EQ(sender.run_once(), 0U);
    resolver.txt("a.example._report._dmarc.elsewhere.test", {"v=DMARC1"});
    EXPECT_EQ(sender.run_once(), 0U);  // what could not be looked up is not kept
    sender.add(failed("a.example", ruf));
    EXPECT_EQ(sender.run_once(), 1U);
    EXPECT_EQ(owed(), std::vector<std::string>{"x@elsewhere.test"});
}

TEST_F(Failures, ADestinationThatBreaksOutOfAFieldIsNone) {
    FailureReports sender = reports();
    sender.add(failed("a.example", "mailto:x%0d%0aBcc:v@a.example"));
    sender.add(failed("a.example", "mailto:%22x%0d%0aBcc:v%22@a.example"));
    EXPECT_EQ(sender.run_once(), 0U);
    EXPECT_TRUE(owed().empty());
}

TEST_F(Failures, OneDomainIsToldOfTenInAnyHour) {
    FailureReports sender = reports();
    EXPECT_EQ(send(sender, "a.example", 6), 6U);
    now += kHour / 2;
    EXPECT_EQ(send(sender, "a.example", 5), 4U);
    EXPECT_EQ(send(sender, "b.example"), 1U);
    now += kHour / 2 - 1;
    EXPECT_EQ(send(sender, "a.example"), 0U);
    now += 1;
    EXPECT_EQ(send(sender, "a.example", 7), 6U);
}

TEST_F(Failures, AllDomainsTogetherAreToldOfAHundredInAnyHour) {
    FailureReports sender = reports();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(send(sender, std::to_string(i) + ".example", 10), 10U);
    }
    EXPECT_EQ(send(sender, "new.example"), 0U);
    now += kHour - 1;
    EXPECT_EQ(send(sender, "new.example"), 0U);
    now += 1;
    EXPECT_EQ(send(sender, "new.example"), 1U);
}

TEST_F(Failures, EachMailToAFurtherMailboxCounts) {
    settings_.most_per_domain = 3;
    FailureReports sender = reports();
    FailedMessage two = failed("a.example");
    two.ruf = {"mailto:x@a.example", "mailto:y@a.example"};
    sender.add(two);
    EXPECT_EQ(sender.run_once(), 2U);
    sender.add(two);
    EXPECT_EQ(sender.run_once(), 1U);
    sender.add(two);
    EXPECT_EQ(sender.run_once(), 0U);
}

TEST_F(Failures, WhatDoesNotFitIntoTheQueueIsDropped) {
    settings_.most_waiting = 2;
    settings_.most_per_domain = 3;
    FailureReports sender = reports();
    EXPECT_EQ(send(sender, "a.example", 4), 2U);
    EXPECT_EQ(send(sender, "a.example", 2), 1U);  // what was dropped took no place of the hour
}

TEST_F(Failures, AClockThatIsSetBackClosesNothingForLong) {
    settings_.most_per_domain = 1;
    FailureReports sender = reports();
    EXPECT_EQ(send(sender, "a.example"), 1U);
    now -= kHour - 1;
    EXPECT_EQ(send(sender, "a.example"), 0U);
    now -= 1;
    EXPECT_EQ(send(sender, "a.example"), 1U);
}

TEST_F(Failures, TheThreadSendsWhatWaits) {
    FailureReports sender = reports();
    sender.start();
    sender.add(failed("a.example"));
    for (int i = 0; i < 1000 && owed().empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    sender.stop();
    EXPECT_EQ(owed(), std::vector<std::string>{"ruf@a.example"});
}

TEST_F(Failures, WhatWaitsWhenTheThreadStopsIsNotSentLater) {
    FailureReports sender = reports();
    sender.start();
    sender.stop();
    sender.add(failed("a.example"));
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(sender.run_once(stopped.get_token()), 0U);
    EXPECT_TRUE(owed().empty());
}

}  // namespace
}  // namespace postern::reports
