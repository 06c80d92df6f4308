#include "gateway/transaction/rescan.hpp"

#include <gtest/gtest.h>

#include "analyzers/api/catalogue.hpp"
#include "gateway/verdict/scan_json.hpp"

namespace postern::transaction {
namespace {

analyzers::Report eicar() {
    analyzers::Report report;
    report.objects.push_back({});
    report.findings.push_back(analyzers::finding("AV_MATCH", "Eicar-Signature"));
    return report;
}

TEST(Concerns, AStoredReportSaysTheSameAsAFreshOne) {
    analyzers::Report report = eicar();
    report.errors.push_back({0U, "archive", analyzers::ErrorCode::Encrypted, "x"});
    report.limits.push_back({analyzers::Limit::Depth, {}, 1, 2});
    const verdict::Verdict verdict = verdict::decide(report, {}, "", {"a@b.example"});
    const std::string stored = verdict::scan_json({"ID", "", {}, nullptr, report, verdict, "", {}});
    EXPECT_EQ(concerns(report, verdict), concerns_of_json(stored));
    EXPECT_EQ(concerns(report, verdict),
              (std::vector<std::string>{"AV_MATCH: Eicar-Signature",
                                        "not scanned by archive: encrypted", "limits reached"}));
}

TEST(Concerns, WhatIsOnlyWatchedIsNone) {
    settings::Policy policy;
    policy.checks["AV_MATCH"] = {settings::Mode::Monitor, false, 0};
    const analyzers::Report report = eicar();
    EXPECT_TRUE(concerns(report, verdict::decide(report, policy, "", {"a@b.example"})).empty());
}

TEST(Concerns, NonsenseHasNone) {
    for (const char* text : {"", "{", "[]", "{\"findings\":[]}"}) {
        EXPECT_TRUE(concerns_of_json(text).empty()) << text;
    }
}

}  // namespace
}  // namespace postern::transaction
