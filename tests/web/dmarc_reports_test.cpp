// GET /dmarc/reports. Over real HTTPS, on a real store.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/web/received_reports.hpp"
#include "tests/web/running_api.hpp"

namespace postern::web_tests {
namespace {

using nlohmann::json;

class DmarcReportsTest : public ::testing::Test {
protected:
    void fill(int rows) {
        for (const ReceivedReport& each : received_reports(kNow, rows)) {
            const auto kept = api_.store().received_reports().add(
                each.report, {kNow, "01J", each.sender}, 100'000);
            ASSERT_TRUE(kept);
        }
    }
    json get(const std::string& query, int status = 200) {
        const Answer answer = api_.ask("GET", "/api/v1/dmarc/reports?" + query, session_);
        EXPECT_EQ(answer.status, status) << query << ": " << answer.body;
        return json::parse(answer.body);
    }
    static std::string sources(const json& answer) {
        std::string all;
        for (const json& row : answer.at("rows")) {
            all += row.at("source_ip").get<std::string>() + " ";
        }
        return all;
    }
    static std::string days_ago(int days) {
        return "since=" + std::to_string(kNow - days * quarantine::UnixMs{24} * 3600 * 1000);
    }

    static constexpr quarantine::UnixMs kNow = 1'790'000'000'000;
    RunningApi api_;
    std::string session_ = api_.login("rita");
};

TEST_F(DmarcReportsTest, AnEmptyStoreSaysSo) {
    const json answer = get("");
    EXPECT_EQ(answer.at("rows"), json::array());
    EXPECT_EQ(answer.at("domains"), json::array());
    EXPECT_EQ(answer.at("totals"), json({{"reports", 0},
                                         {"unauthenticated", 0},
                                         {"left_out", 0},
                                         {"count", 0},
                                         {"pass", 0},
                                         {"fail", 0},
                                         {"rows", 0},
                                         {"domains", 0},
                                         {"kept", 0}}));
    EXPECT_EQ(answer.at("limits"), json({{"rows", 500}, {"domains", 100}}));
}

TEST_F(DmarcReportsTest, ARowHasTheFieldsOfTheCommandLine) {
    fill(1);
    const json row = get("").at("rows").at(0);
    const std::int64_t begin = row.at("begin");
    EXPECT_EQ(row, json({{"domain", "example.org"},
                         {"source_ip", "192.0.2.1"},
                         {"count", 1000},
                         {"aligned", {{"spf", true}, {"dkim", true}}},
                         {"disposition", "none"},
                         {"reason", "none"},
                         {"header_from", "example.org"},
                         {"envelope_from", "bounce.example.org"},
                         {"spf", "pass bounce.example.org"},
                         {"dkim", "pass example.org/s1"},
                         {"reporter", "Receiver & Sons"},
                         {"sender", "receiver.example"},
                         {"authenticated", true},
                         {"begin", begin},
                         {"end", begin + 86'399'000}}));
    EXPECT_LT(row.at("end"), kNow) << "milliseconds, as everywhere in this API";
    EXPECT_GT(row.at("end"), kNow - 86'401'000);
}

TEST_F(DmarcReportsTest, DomainsAndTotalsAreThoseOfAllRowsWhateverTheLimit) {
    fill(6);
    const json answer = get(days_ago(30) + "&limit=1");
    EXPECT_EQ(sources(answer), "192.0.2.1 ");
    EXPECT_EQ(answer.at("limits").at("rows"), 1);
    const json& totals = answer.at("totals");
    EXPECT_EQ(totals.at("rows"), 7);
    EXPECT_EQ(totals.at("count"), 1240);
    EXPECT_EQ(totals.at("pass"), 1095);
    EXPECT_EQ(totals.at("fail"), 145);
    EXPECT_EQ(totals.at("reports"), 3);
    EXPECT_EQ(totals.at("unauthenticated"), 1);
    EXPECT_EQ(totals.at("left_out"), 6);
    EXPECT_EQ(totals.at("domains"), 2);
    EXPECT_EQ(totals.at("kept"), 13);
    ASSERT_EQ(answer.at("domains").size(), 2U);
    EXPECT_EQ(answer.at("domains")[0], json({{"domain", "example.org"},
                                             {"count", 1200},
                                             {"pass", 1055},
                                             {"fail", 145},
                                             {"sources", 6}}));
}

TEST_F(DmarcReportsTest, EachFilterNarrows) {
    fill(6);
    EXPECT_EQ(get("").at("rows").size(), 8U);
    EXPECT_EQ(get(days_ago(30)).at("rows").size(), 7U);
    EXPECT_EQ(get(days_ago(7)).at("rows").size(), 6U);
    const json failing = get("failing=true&" + days_ago(30));
    EXPECT_EQ(sources(failing), "198.51.100.9 2001:db8:85a3:8d3:1319:8a2e:370:7348 203.0.113.66 ");
    EXPECT_EQ(failing.at("totals").at("rows"), 3);
    EXPECT_EQ(failing.at("totals").at("count"), 1240) << "a share needs all messages";
    EXPECT_EQ(get("failing=false").at("rows").size(), 8U);
    const json one = get("domain=EXAMPLE.org&" + days_ago(30));
    EXPECT_EQ(one.at("domains").size(), 1U);
    EXPECT_EQ(one.at("rows").size(), 6U);
    EXPECT_EQ(get("domain=example.com").at("rows").size(), 0U);
    EXPECT_GT(get("domain=example.com").at("totals").at("kept"), 0);
}

TEST_F(DmarcReportsTest, ReportsOfWhoIsNotProvenAreShownInsteadAndMarked) {
    fill(6);
    EXPECT_EQ(sources(get("unauthenticated=false")).find("192.0.2.66"), std::string::npos);
    const json unproven = get("unauthenticated=true");
    EXPECT_EQ(sources(unproven), "192.0.2.66 ");
    EXPECT_EQ(unproven.at("rows")[0].at("authenticated"), false);
    EXPECT_EQ(unproven.at("rows")[0].at("sender"), "");
    EXPECT_EQ(unproven.at("totals").at("count"), 99999);
    EXPECT_EQ(unproven.at("totals").at("left_out"), 9);
}

TEST_F(DmarcReportsTest, HostileTextComesThroughAsText) {
    fill(6);
    const json row = get("failing=true&" + days_ago(30)).at("rows")[2];
    EXPECT_EQ(row.at("header_from").get<std::string>().find("<img src=x onerror=\"document"), 0U);
}

TEST_F(DmarcReportsTest, LimitsHoldAtTheirEdges) {
    fill(2100);
    EXPECT_EQ(get("").at("rows").size(), 500U);
    const json most = get("limit=2000");
    EXPECT_EQ(most.at("rows").size(), 2000U);
    EXPECT_EQ(most.at("totals").at("rows"), 2102);
    for (int i = 0; i < 101; ++i) {
        analyzers::DmarcReport report = received_reports(kNow, 1)[0].report;
        report.domain = "d" + std::to_string(i) + ".example";
        ASSERT_TRUE(api_.store().received_reports().add(report, {kNow, "01J", "x.example"}, 9999));
    }
    const json many = get("");
    EXPECT_EQ(many.at("domains").size(), 100U);
    EXPECT_EQ(many.at("totals").at("domains"), 103);
}

TEST_F(DmarcReportsTest, WhatIsNotUnderstoodIsRefused) {
    for (const std::string query :
         {"limit=0", "limit=2001", "limit=x", "since=-1", "since=7d", "since=2026-01-31",
          "since=253402300799001", "unauthenticated=1", "failing=yes", "domains=example.org",
          "limit=5&limit=5", "cursor=x"}) {
        SCOPED_TRACE(query);
        EXPECT_EQ(get(query, 400).at("error"), "invalid");
    }
    get("since=253402300799000&domain=" + std::string(255, 'a'));
    EXPECT_EQ(get("domain=" + std::string(256, 'a'), 400).at("detail"),
              "\"domain\" is not understood here.");
}

}  // namespace
}  // namespace postern::web_tests
