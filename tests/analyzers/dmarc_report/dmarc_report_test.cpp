#include "analyzers/dmarc_report/dmarc_report.hpp"

#include <gtest/gtest.h>

#include "analyzers/api/codec.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/dmarc_report/feedback.hpp"
#include "analyzers/dmarc_report/xml_reader.hpp"
#include "analyzers/pipeline/pipeline.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_literals;

constexpr const char* kNew = " xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"";
constexpr const char* kOld = " xmlns=\"http://dmarc.org/dmarc-xml/0.1\"";
constexpr const char* kDeclaration = "<?xml version=\"1.0\"?>\n";

/// What a document is made of; the defaults are a good one.
struct Document {
    std::string before = kDeclaration;
    std::string attributes = {};
    std::string reporter = "<org_name>Receiver &amp; Co</org_name>";
    std::string id = "<report_id> 2026.1 </report_id>";
    std::string range = "<date_range><begin>1767225600</begin><end>1767311999</end></date_range>";
    std::string domain = "<domain>Example.ORG</domain>";
    std::string source = "<source_ip>192.0.2.1</source_ip><count>7</count>";
    std::string evaluated =
        "<disposition>quarantine</disposition><dkim>pass</dkim><spf>fail</spf>"
        "<reason><type>local_policy</type><comment>x</comment></reason>";
    std::string identifiers =
        "<envelope_from>Bounce.example.org</envelope_from><header_from>example.org</header_from>";
    std::string results =
        "<dkim><domain>example.org</domain><selector>s1</selector><result>pass</result></dkim>"
        "<spf><domain>bounce.example.org</domain><scope>mfrom</scope><result>softfail</result>"
        "</spf>";
    std::string more = {};  ///< behind the record
    int records = 1;

    [[nodiscard]] std::string xml() const {
        std::string text = before + "<feedback" + attributes + ">\n<version>1.0</version>" +
                           "<report_metadata>" + reporter + "<email>d@receiver.example</email>" +
                           id + range + "</report_metadata><policy_published>" + domain +
                           "<p>reject</p><pct>100</pct></policy_published>";
        const std::string record = "<record><row>" + source + "<policy_evaluated>" + evaluated +
                                   "</policy_evaluated></row><identifiers>" + identifiers +
                                   "</identifiers><auth_results>" + results +
                                   "</auth_results></record>\n";
        for (int i = 0; i < records; ++i) text += record;
        return text + more + "</feedback>\n";
    }
};

Analysis read(std::string_view bytes, std::string_view charset = {}, std::uint32_t depth = 1) {
    Budget budget(Limits{});
    Artifact artifact{};
    artifact.bytes = as_bytes(bytes);
    artifact.type = "dmarc-report";
    artifact.charset = charset;
    artifact.depth = depth;
    return dmarc_report_analyze(artifact, budget);
}

DmarcReport good() {
    return {.object = 0,
            .reporter = "Receiver & Co",
            .contact = "d@receiver.example",
            .id = "2026.1",
            .domain = "example.org",
            .policy = DmarcAction::Reject,
            .begin = 1767225600,
            .end = 1767311999,
            .left_out = 0,
            .rows = {{.source_ip = "192.0.2.1",
                      .count = 7,
                      .disposition = DmarcAction::Quarantine,
                      .reason = DmarcOverride::LocalPolicy,
                      .dkim_aligned = true,
                      .spf_aligned = false,
                      .header_from = "example.org",
                      .envelope_from = "bounce.example.org",
                      .dkim = {{"example.org", "s1", DmarcAuthResult::Pass}},
                      .spf_domain = "bounce.example.org",
                      .spf = DmarcAuthResult::SoftFail}}};
}

std::string wide(std::string_view text, bool little) {
    std::string made;
    for (const char c : text) made += little ? std::string{c, '\0'} : std::string{'\0', c};
    return made;
}

TEST(DmarcReport, BothShapesInEveryEncodingSayTheSame) {
    const std::string ascii = Document{}.xml();
    const std::string utf16 =
        Document{.before = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"}.xml();
    const struct {
        const char* title;
        std::string bytes;
        const char* charset = "";
    } cases[] = {
        {"RFC 7489", ascii},
        {"RFC 7489 with its namespace", Document{.attributes = kOld}.xml()},
        {"RFC 9990", Document{.attributes = kNew}.xml()},
        {"no declaration", Document{.before = ""}.xml()},
        {"blanks before the declaration", "\r\n " + ascii},
        {"a byte order mark", "\xEF\xBB\xBF" + ascii},
        {"UTF-16 with a mark", "\xFF\xFE" + wide(utf16, true)},
        {"UTF-16, big end first", "\xFE\xFF" + wide(utf16, false)},
        {"UTF-16 without a mark", wide(utf16, true)},
        {"UTF-16, big end first, without a mark", wide(utf16, false)},
        {"says UTF-16 and is not", utf16},
        {"its part says UTF-16 and it is not", ascii, "utf-16"},
        {"says a charset that nobody knows",
         Document{.before = "<?xml version='1.0' encoding='x-none'?>"}.xml()},
        {"comments and instructions", Document{.before = "<?a b?><!-- c -->"}.xml()},
        {"elements nobody knows",
         Document{.more = "<extension><count>9</count></extension>"}.xml()},
        {"elements of others",
         Document{.more = "<x:record xmlns:x=\"urn:x\"><row><count>9</count></row></x:record>"}
             .xml()},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = read(c.bytes, c.charset);
        EXPECT_TRUE(analysis.findings.empty());
        ASSERT_TRUE(analysis.dmarc_report);
        EXPECT_EQ(*analysis.dmarc_report, good());
    }
}

TEST(DmarcReport, RowsTakeWhatReceiversWrite) {
    const auto row = [](const Document& document) {
        const Analysis analysis = read(document.xml());
        return analysis.dmarc_report && !analysis.dmarc_report->rows.empty()
                   ? analysis.dmarc_report->rows[0]
                   : DmarcReportRow{};
    };
    EXPECT_EQ(row({.source = "<source_ip> 2001:DB8:0::1 </source_ip><count>1</count>"}).source_ip,
              "2001:db8::1");
    EXPECT_EQ(row({.identifiers = "<envelope_from>Ann@Example.net</envelope_from>"}).envelope_from,
              "example.net");
    EXPECT_EQ(row({.identifiers = "<envelope_from>&lt;&gt;</envelope_from>"}).envelope_from, "");
    EXPECT_EQ(row({.identifiers = "<header_from>a&#10;b&#x202e;</header_from>"}).header_from,
              "a b\xEF\xBF\xBD");
    EXPECT_EQ(row({.evaluated = "<disposition>pass</disposition>"}).disposition, DmarcAction::Pass);
    EXPECT_EQ(row({.evaluated = "<disposition>whatever</disposition>"}).disposition,
              DmarcAction::Unknown);
    EXPECT_EQ(row({.evaluated = "<reason><type>sampled_out</type></reason>"
                                "<reason><type>other</type></reason>"})
                  .reason,
              DmarcOverride::SampledOut);
    EXPECT_EQ(row({.results = "<spf><domain>a</domain><result>pass</result></spf>"
                              "<spf><domain>b</domain><result>fail</result></spf>"})
                  .spf_domain,
              "a");
    std::string signatures;
    for (int i = 0; i < 9; ++i) {
        signatures += "<dkim><domain>d" + std::to_string(i) + "</domain></dkim>";
    }
    const DmarcReportRow many = row({.results = signatures});
    ASSERT_EQ(many.dkim.size(), kMaxDmarcSignatures);
    EXPECT_EQ(many.dkim.back().domain, "d7");
    EXPECT_LE(row({.identifiers = "<header_from>" + std::string(5000, 'a') + "</header_from>"})
                  .header_from.size(),
              kMaxDmarcText);
}

TEST(DmarcReport, RecordsThatAreNoneAreCounted) {
    for (const char* source :
         {"<source_ip>nowhere</source_ip><count>1</count>", "<count>1</count>",
          "<source_ip>192.0.2.1</source_ip>", "<source_ip>192.0.2.1</source_ip><count>0</count>",
          "<source_ip>192.0.2.1</source_ip><count>-1</count>",
          "<source_ip>192.0.2.1</source_ip><count>4294967297</count>",
          "<source_ip>192.0.2.1</source_ip><count>99999999999999999999</count>"}) {
        SCOPED_TRACE(source);
        const Analysis analysis = read(Document{.source = source}.xml());
        ASSERT_TRUE(analysis.dmarc_report);
        EXPECT_EQ(analysis.dmarc_report->left_out, 1U);
        EXPECT_TRUE(analysis.dmarc_report->rows.empty());
    }
    const Analysis most =
        read(Document{.source = "<source_ip>192.0.2.1</source_ip><count>4294967296</count>"}.xml());
    ASSERT_EQ(most.dmarc_report->rows.size(), 1U);
    EXPECT_EQ(most.dmarc_report->rows[0].count, kMaxDmarcCount);
}

TEST(DmarcReport, RowsAreBoundedInNumberAndBytes) {
    const std::string few = "<count>1</count><source_ip>::1</source_ip>";
    Document document{.source = few, .identifiers = "", .results = "", .records = 5000};
    Analysis analysis = read(document.xml());
    EXPECT_EQ(analysis.dmarc_report->rows.size(), kMaxDmarcRows);
    EXPECT_EQ(analysis.dmarc_report->left_out, 0U);
    document.records = 5001;
    analysis = read(document.xml());
    EXPECT_EQ(analysis.dmarc_report->rows.size(), kMaxDmarcRows);
    EXPECT_EQ(analysis.dmarc_report->left_out, 1U);
    document.identifiers = "<header_from>" + std::string(200, 'a') + "</header_from>";
    analysis = read(document.xml());
    const std::size_t row = 64 + 3 + 200;
    EXPECT_EQ(analysis.dmarc_report->rows.size(), kMaxDmarcRowsSize / row);
    EXPECT_EQ(analysis.dmarc_report->left_out, 5001 - kMaxDmarcRowsSize / row);
}

std::string laughs() {
    std::string text = "<!DOCTYPE a [<!ENTITY l0 \"ha\">";
    for (int i = 1; i < 20; ++i) {
        const std::string one = "&l" + std::to_string(i - 1) + ";";
        text += "<!ENTITY l" + std::to_string(i) + " \"";
        for (int k = 0; k < 10; ++k) text += one;
        text += "\">";
    }
    return text + "]>";
}

TEST(DmarcReport, HostileDocumentsAreAFindingAndNothingElse) {
    const std::string use = "<header_from>&l19;</header_from>";
    const std::string whole = Document{}.xml();
    std::string attributes;
    for (int i = 0; i < 60000; ++i) attributes += " a" + std::to_string(i) + "=''";
    const struct {
        const char* title;
        std::string bytes;
        const char* why;
    } cases[] = {
        {"billion laughs", Document{.before = laughs(), .identifiers = use}.xml(),
         "it has a document type, and could have entities"},
        {"a file",
         Document{.before = "<!DOCTYPE a [<!ENTITY l19 SYSTEM \"file:///etc/passwd\">]>",
                  .identifiers = use}
             .xml(),
         "it has a document type, and could have entities"},
        {"a parameter entity",
         Document{.before = "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://192.0.2.9/\">%p;]>"}.xml(),
         "it has a document type, and could have entities"},
        {"an outer document type",
         Document{.before = "<!DOCTYPE a SYSTEM \"http://192.0.2.9/a.dtd\">"}.xml(),
         "it has a document type, and could have entities"},
        {"an entity that nobody declared", Document{.identifiers = use}.xml(), "the XML is broken"},
        {"cut short", whole.substr(0, whole.size() / 2), "the XML is broken"},
        {"something behind it", whole + "<feedback/>", "the XML is broken"},
        {"tags that cross", Document{.more = "<a><b></a></b>"}.xml(), "the XML is broken"},
        {"a NUL", Document{.reporter = "<org_name>a\0b</org_name>"s}.xml(), "the XML is broken"},
        {"depth 16",
         Document{.more =
                      []() {
                          std::string text;
                          for (int i = 0; i < 15; ++i) text += "<a>";
                          for (int i = 0; i < 15; ++i) text += "</a>";
                          return text;
                      }()}
             .xml(),
         ""},
        {"depth 17",
         Document{.more =
                      []() {
                          std::string text;
                          for (int i = 0; i < 16; ++i) text += "<a>";
                          for (int i = 0; i < 16; ++i) text += "</a>";
                          return text;
                      }()}
             .xml(),
         "the XML is nested too deeply"},
        {"a million open tags",
         Document{.more =
                      [] {
                          std::string text;
                          for (int i = 0; i < 1000000; ++i) text += "<a>";
                          return text;
                      }()}
             .xml(),
         "the XML is nested too deeply"},
        {"sixty thousand attributes", Document{.attributes = attributes}.xml(), ""},
        {"a comment of 3 MiB",
         Document{.more = "<!--" + std::string(std::size_t{3} << 20, ' ') + "-->"}.xml(),
         "a tag, comment or text is too long"},
        {"another root", "<a><report_metadata/></a>", "its root element is another"},
        {"another root with the same beginning", "<feedbacks/>", "its root element is another"},
        {"a namespace nobody knows", Document{.attributes = " xmlns=\"urn:x\""}.xml(),
         "its root element is another"},
        {"no XML", "feedback report_metadata", "the XML is broken"},
        {"nothing", "", "the XML is broken"},
        {"nobody", Document{.reporter = "<org_name> </org_name>"}.xml(),
         "it does not say who reports"},
        {"no id", Document{.id = ""}.xml(), "it has no report_id"},
        {"no domain", Document{.domain = ""}.xml(), "it does not say which domain it is about"},
        {"no period", Document{.range = ""}.xml(), "its date_range is none"},
        {"a period that ends before it begins",
         Document{.range = "<date_range><begin>2</begin><end>1</end></date_range>"}.xml(),
         "its date_range is none"},
        {"no record", Document{.records = 0}.xml(), "it has no record"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = read(c.bytes);
        EXPECT_TRUE(analysis.limits.empty());
        EXPECT_TRUE(analysis.errors.empty());
        if (std::string_view(c.why).empty()) {
            EXPECT_TRUE(analysis.findings.empty());
            EXPECT_TRUE(analysis.dmarc_report);
            continue;
        }
        ASSERT_EQ(analysis.findings.size(), 1U);
        EXPECT_EQ(analysis.findings[0].code, "DMARC_REPORT_UNREADABLE");
        EXPECT_EQ(analysis.findings[0].detail, c.why);
        EXPECT_FALSE(analysis.dmarc_report);
    }
}

TEST(DmarcReport, IsNotReadBeyondItsSizeDepthAndTime) {
    std::string large = Document{}.xml();
    large.resize(kMaxDmarcXml, ' ');
    EXPECT_TRUE(read(large).dmarc_report);
    const Analysis larger = read(large + ' ');
    EXPECT_FALSE(larger.dmarc_report);
    ASSERT_EQ(larger.findings.size(), 1U);
    EXPECT_EQ(larger.findings[0].detail, "it is too large");

    const std::string xml = Document{}.xml();
    EXPECT_TRUE(read(xml, {}, kMaxDmarcDepth).dmarc_report);
    const Analysis deeper = read(xml, {}, kMaxDmarcDepth + 1);
    EXPECT_FALSE(deeper.dmarc_report);
    EXPECT_TRUE(deeper.findings.empty());

    Limits limits;
    limits.milliseconds = 1;
    Budget late(limits, Budget::Clock::now() - std::chrono::seconds(5));
    Artifact artifact{};
    artifact.bytes = as_bytes(large);
    artifact.type = "dmarc-report";
    const Analysis analysis = dmarc_report_analyze(artifact, late);
    EXPECT_FALSE(analysis.dmarc_report);
    ASSERT_EQ(analysis.limits.size(), 1U);
    EXPECT_EQ(analysis.limits[0].limit, Limit::Time);
}

/// A mail with `attachments` of the given type.
std::string mail(const std::string& type, const std::vector<std::string>& attachments) {
    std::string text =
        "From: a@receiver.example\r\nTo: dmarc@example.org\r\nSubject: Report Domain: "
        "example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (const std::string& each : attachments) {
        text += "--b\r\nContent-Type: " + type + "; name=\"receiver.example!example.org!1!2.xml\"" +
                "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_encode(as_bytes(each)) +
                "\r\n";
    }
    return text + "--b--\r\n";
}

TEST(DmarcReport, IsFoundInAMailWhereItStands) {
    const std::string text = mail("text/xml", {Document{}.xml()});
    const Report report = analyze(as_bytes(text), RootKind::Message, {}, Limits{}, {});
    ASSERT_EQ(report.dmarc_reports.size(), 1U);
    DmarcReport expected = good();
    expected.object = 1;
    EXPECT_EQ(report.dmarc_reports[0], expected);
    ASSERT_EQ(report.objects.size(), 2U);
    EXPECT_EQ(report.objects[1].type, "dmarc-report");
    EXPECT_TRUE(report.complete());
    EXPECT_TRUE(report.findings.empty());
}

TEST(DmarcReport, OnlySoManyOfOneMailAreListed) {
    std::vector<std::string> attachments;
    for (std::size_t i = 0; i <= kMaxDmarcReports; ++i) {
        attachments.push_back(
            Document{.id = "<report_id>" + std::to_string(i) + "</report_id>"}.xml());
    }
    const std::string text = mail("application/xml", attachments);
    const Report report = analyze(as_bytes(text), RootKind::Message, {}, Limits{}, {});
    ASSERT_EQ(report.dmarc_reports.size(), kMaxDmarcReports);
    EXPECT_EQ(report.dmarc_reports.back().id, "7");
    EXPECT_EQ(report.objects.back().flags, (std::vector<std::string>{"dmarc-report-left-out"}));
    EXPECT_TRUE(report.complete());
}

}  // namespace
}  // namespace postern::analyzers
