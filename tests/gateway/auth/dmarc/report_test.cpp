#include <gtest/gtest.h>

#include "gateway/auth/dmarc/report/aggregate.hpp"
#include "gateway/auth/dmarc/report/destinations.hpp"
#include "gateway/auth/dmarc/report/mail.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth::dmarc {
namespace {

const ReportFacts kFacts{"Example & Co", "dmarc@example.org", "r1", 1'780'000'000, 1'780'086'399};

Evaluation evaluation(DmarcResult result) {
    Evaluation made;
    made.record = parse_record("v=DMARC1; p=reject; sp=none; aspf=s; rua=mailto:d@b.org");
    made.result.result = result;
    made.result.domain = "b.org";
    made.result.policy_domain = "b.org";
    made.result.policy = DmarcPolicy::Reject;
    made.result.disposition = result == DmarcResult::Fail ? DmarcPolicy::Reject : DmarcPolicy::None;
    made.result.dkim_aligned = result == DmarcResult::Pass;
    return made;
}

Results results() {
    Results made;
    made.spf.emplace();
    made.spf->result = SpfResult::Fail;
    made.spf->domain = "c.org";
    made.dkim.resize(1);
    made.dkim[0].domain = "b.org";
    made.dkim[0].selector = "s<1>&\x01";
    made.dkim[0].result = DkimResult::Pass;
    return made;
}

TEST(AggregateReport, CountsMessagesThatAreAlike) {
    const auto row = reportable(evaluation(DmarcResult::Pass), results(), "192.0.2.1", "joe@c.org");
    ASSERT_TRUE(row.has_value());
    AggregateReport report(row->policy, 2);
    ReportRow other = row->row;
    other.source_ip = "192.0.2.2";
    ReportRow third = row->row;
    third.source_ip = "192.0.2.3";
    report.add(row->row);
    report.add(row->row);
    report.add(other);
    report.add(third);
    EXPECT_EQ(report.rows().size(), 2U);
    EXPECT_EQ(report.rows().at(row->row), 2U);
    EXPECT_EQ(report.dropped(), 1U);
}

TEST(AggregateReport, SaysNothingOfMailNobodyAskedAbout) {
    Evaluation silent = evaluation(DmarcResult::Pass);
    silent.record->rua.clear();
    EXPECT_FALSE(reportable(silent, results(), "192.0.2.1", "").has_value());
    EXPECT_FALSE(
        reportable(evaluation(DmarcResult::TempError), results(), "192.0.2.1", "").has_value());
    EXPECT_FALSE(reportable(Evaluation(), results(), "192.0.2.1", "").has_value());
}

TEST(AggregateReport, XmlIsThatOfRfc9990AndEscapesWhatStrangersSay) {
    const auto row = reportable(evaluation(DmarcResult::Pass), results(), "192.0.2.1", "joe@c.org");
    AggregateReport report(row->policy);
    report.add(row->row, 7);
    EXPECT_EQ(report.xml(kFacts),
              R"(<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Example &amp; Co</org_name>
    <email>dmarc@example.org</email>
    <report_id>r1</report_id>
    <date_range>
      <begin>1780000000</begin>
      <end>1780086399</end>
    </date_range>
    <generator>Postern</generator>
  </report_metadata>
  <policy_published>
    <domain>b.org</domain>
    <discovery_method>treewalk</discovery_method>
    <p>reject</p>
    <sp>none</sp>
    <adkim>r</adkim>
    <aspf>s</aspf>
    <testing>n</testing>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip>
      <count>7</count>
      <policy_evaluated>
        <disposition>pass</disposition>
        <dkim>pass</dkim>
        <spf>fail</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <header_from>b.org</header_from>
      <envelope_from>c.org</envelope_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>b.org</domain>
        <selector>s&lt;1&gt;&amp;?</selector>
        <result>pass</result>
      </dkim>
      <spf>
        <domain>c.org</domain>
        <scope>mfrom</scope>
        <result>fail</result>
      </spf>
    </auth_results>
  </record>
</feedback>
)");
}

TEST(AggregateReport, TellsWhyThePolicyWasNotApplied) {
    Evaluation vouched = evaluation(DmarcResult::Fail);
    vouched.result.disposition = DmarcPolicy::None;
    EXPECT_EQ(reportable(vouched, results(), "192.0.2.1", "")->row.reason,
              OverrideReason::LocalPolicy);
    vouched.result.overridden = true;
    EXPECT_EQ(reportable(vouched, results(), "192.0.2.1", "")->row.reason,
              OverrideReason::TrustedForwarder);
    Evaluation testing = evaluation(DmarcResult::Fail);
    testing.record->testing = true;
    EXPECT_EQ(reportable(testing, results(), "192.0.2.1", "")->row.reason,
              OverrideReason::PolicyTestMode);
    EXPECT_EQ(reportable(evaluation(DmarcResult::Fail), results(), "192.0.2.1", "")->row.reason,
              OverrideReason::None);
}

TEST(ReportMail, IsNamedAndPackedAsRfc9990Says) {
    EXPECT_EQ(report_file_name("mx.example.org", "b.org", kFacts),
              "mx.example.org!b.org!1780000000!1780086399!r1.xml.gz");
    const AggregateReport report({"b.org", {}});
    const auto mail = report_message(
        report, kFacts,
        {"mx.example.org", "dmarc@example.org", "d@b.org", "Tue, 02 Jun 2026 10:00:00 +0000"});
    ASSERT_TRUE(mail.has_value());
    EXPECT_NE(mail->find("\r\nSubject: Report Domain: b.org\r\n Submitter: mx.example.org\r\n "
                         "Report-ID: <r1>\r\n"),
              std::string::npos);
    EXPECT_NE(mail->find("Content-Type: application/gzip;"), std::string::npos);
    const auto packed = gzipped("<x/>");
    ASSERT_TRUE(packed.has_value());
    EXPECT_TRUE(packed->starts_with("\x1f\x8b"));
}

TEST(Destinations, OutsideTheOrganizationConsentIsNeeded) {
    tests::FakeResolver resolver;
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=none"});
    resolver.txt("b.org._report._dmarc.yes.org", {"v=DMARC1"});
    resolver.txt("b.org._report._dmarc.elsewhere.org", {"v=DMARC1; rua=mailto:box@elsewhere.org"});
    resolver.txt("b.org._report._dmarc.thief.org", {"v=DMARC1; rua=mailto:victim@other.org"});
    resolver.fails("b.org._report._dmarc.late.org", dns::RecordType::Txt);
    dns::Inquiry inquiry(resolver, {});
    const Destinations found =
        verified_destinations("b.org",
                              {"mailto:a@b.org", "mailto:a@x.b.org", "mailto:a@yes.org",
                               "mailto:a@no.org", "mailto:a@elsewhere.org", "mailto:a@thief.org",
                               "https://b.org/", "mailto:a@b.org", "mailto:a@late.org"},
                              inquiry);
    EXPECT_EQ(found.mailboxes,
              (std::vector<std::string>{"a@b.org", "a@x.b.org", "a@yes.org", "box@elsewhere.org"}));
    EXPECT_EQ(found.refused.size(), 3U);
    EXPECT_TRUE(found.incomplete);
}

// RFC 9991 5: "substituting ruf where rua appears".
TEST(Destinations, OfFailureReportsAreChangedByRufAlone) {
    tests::FakeResolver resolver;
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=none"});
    resolver.txt("b.org._report._dmarc.yes.org",
                 {"v=DMARC1; rua=mailto:rua@yes.org; ruf=mailto:ruf@yes.org"});
    dns::Inquiry inquiry(resolver, {});
    const std::vector<std::string> uris = {"mailto:a@yes.org"};
    EXPECT_EQ(verified_destinations("b.org", uris, inquiry).mailboxes,
              std::vector<std::string>{"rua@yes.org"});
    EXPECT_EQ(verified_destinations("b.org", uris, inquiry, ReportKind::Failure).mailboxes,
              std::vector<std::string>{"ruf@yes.org"});
}

}  // namespace
}  // namespace postern::auth::dmarc
