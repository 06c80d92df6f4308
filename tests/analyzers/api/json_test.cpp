#include "analyzers/api/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/analyzers/api/sample_report.hpp"

namespace postern::analyzers {
namespace {

using nlohmann::json;
using testing_support::sample_report;

TEST(ReportJson, AnalysisHasTheAgreedShape) {
    const json expected = json::parse(R"({
        "complete": false,
        "objects": [
            {"id": 0, "parent": null, "relation": "root", "path": "message", "name": "", "size": 5000,
             "type": "mail", "mime": "message/rfc822", "declared_mime": null, "sha256": "DIGEST", "flags": []},
            {"id": 1, "parent": 0, "relation": "part", "path": "message/1:a.zip", "name": "a.zip", "size": 400,
             "type": "zip", "mime": "application/zip", "declared_mime": "application/pdf", "sha256": "DIGEST",
             "flags": ["type-mismatch", "encrypted"]}],
        "urls": [{"url": "HTTP://Example.org/", "normalized": "http://example.org/", "host": "example.org",
                  "object": 1, "where": "html.a.href", "flags": ["text-mismatch"]}],
        "limits": [{"limit": "names", "object": 1, "configured": 7, "observed": 8}],
        "errors": [{"object": null, "analyzer": "jail", "code": "resource", "detail": "memory"}],
        "dmarc_reports": [{"object": 1, "reporter": "Receiver Inc.", "contact": "dmarc@receiver.example",
            "id": "2026.1", "domain": "example.org", "policy": "reject", "begin": 1767225600,
            "end": 1767311999, "left_out": 3, "rows": [{"source_ip": "192.0.2.1", "count": 7,
                "disposition": "quarantine", "reason": "local_policy", "aligned": {"spf": false, "dkim": true},
                "header_from": "example.org", "envelope_from": "bounce.example.org",
                "dkim": [{"domain": "example.org", "selector": "s1", "result": "pass"}],
                "spf": {"domain": "bounce.example.org", "result": "softfail"}}]}]})");
    json got = json::parse(analysis_json(sample_report()));
    for (json& object : got["objects"]) {
        EXPECT_EQ(object["sha256"].get<std::string>().size(), 64U);
        object["sha256"] = "DIGEST";
    }
    EXPECT_EQ(got, expected);
}

TEST(ReportJson, AFindingHasTheAgreedShape) {
    const Report report = sample_report();
    const json got = json::parse(finding_json(report.findings[0], "enforce"));
    EXPECT_EQ(got["code"], "AV_MATCH");
    EXPECT_EQ(got["source"], "analyzer");
    EXPECT_EQ(got["severity"], "critical");
    EXPECT_EQ(got["mode"], "enforce");
    EXPECT_EQ(got["object"], 1);
    EXPECT_EQ(got["detail"], "Eicar-Test");
    EXPECT_TRUE(got["score"].is_number());
    EXPECT_TRUE(got["explanation"].is_string());
    EXPECT_TRUE(got["attack"].is_array());
    EXPECT_EQ(got["ms"], 1.25);
    EXPECT_FALSE(json::parse(finding_json(report.findings[0])).contains("mode"));
    const json all = json::parse(findings_json(report.findings, "monitor"));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1]["object"], nullptr);
    EXPECT_EQ(all[1]["mode"], "monitor");
}

TEST(ReportJson, BytesThatAreNoTextDoNotStopIt) {
    Report report = sample_report();
    report.objects[1].name = "a\xFF\n\"";
    const json got = json::parse(analysis_json(report));
    EXPECT_EQ(got["objects"][1]["name"], "a\xEF\xBF\xBD\n\"");
}

TEST(ReportJson, AnEmptyReportIsComplete) {
    EXPECT_EQ(json::parse(analysis_json(Report{}))["complete"], true);
}

TEST(ReportJson, UrlsHaveTheirRegistrableDomainWhereSomebodyKnowsIt) {
    const Report report = sample_report();
    const auto domain = [](const json& got) { return got["urls"][0]["domain"]; };
    EXPECT_EQ(domain(json::parse(analysis_json(report, [](std::string_view) { return "a.b"; }))),
              "a.b");
    EXPECT_EQ(domain(json::parse(analysis_json(report, [](std::string_view) { return ""; }))),
              json());
    EXPECT_FALSE(json::parse(analysis_json(report))["urls"][0].contains("domain"));
    EXPECT_EQ(findings_json({}), "[]");
}

}  // namespace
}  // namespace postern::analyzers
