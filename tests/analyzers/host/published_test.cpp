/// @file ClamAV's published test files as attachments, through the whole analyzer in its jail: what
/// our own readers take apart must not be lost by leaving ClamAV's off.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "analyzers/base/base64.hpp"
#include "sandbox/policy.hpp"
#include "tests/analyzers/clamav/database.hpp"
#include "tests/analyzers/host/started.hpp"
#include "tests/support/data_files.hpp"

namespace postern::host {
namespace {

namespace fs = std::filesystem;

TEST(AnalyzerPublished, FindsClamavsTestFileInAttachments) {
    if (sandbox::kSanitized) GTEST_SKIP() << "the whole jail is not there with sanitizers";
    const char* suites = std::getenv("POSTERN_SUITES");
    if (suites == nullptr) GTEST_SKIP() << "POSTERN_SUITES is not set (see ORIGIN.txt there)";
    const fs::path folder = fs::path(suites) / "clamav-testfiles";
    const testing_support::Folder database;
    database.write("clamav.hdb", testing_support::read_file(folder / "clamav.hdb"));
    AnalyzerSettings settings;
    settings.clamav = database.path();
    Started started(kAnalyzer, settings);
    ASSERT_TRUE(started.generation);
    const std::set<std::string> not_cases = {"ORIGIN.txt", "cases.jsonl", "clamav.hdb"};
    std::size_t cases = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (not_cases.contains(name)) continue;
        SCOPED_TRACE(name);
        ++cases;
        const std::string bytes = testing_support::read_file(entry.path());
        const auto report = started.analyze(
            "From: a@example.org\r\nMIME-Version: 1.0\r\n"
            "Content-Type: application/octet-stream; name=\"" +
            name +
            "\"\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" +
            base64_encode(as_bytes(bytes)) + "\r\n");
        ASSERT_TRUE(report);
        const bool found =
            std::any_of(report->findings.begin(), report->findings.end(), [](const auto& finding) {
                return finding.code == "AV_MATCH" && finding.detail == "ClamAV-Test-File";
            });
        // RAR 2: nothing free reads it. What nobody can read is not called clean.
        EXPECT_EQ(found, name != "clam-v2.rar");
        EXPECT_TRUE(found || !report->complete());
    }
    EXPECT_GE(cases, 30U);
}

}  // namespace
}  // namespace postern::host
