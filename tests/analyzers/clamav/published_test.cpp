#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/analyzers/clamav/database.hpp"
#include "tests/support/data_files.hpp"

namespace postern::analyzers {
namespace {

namespace fs = std::filesystem;

// ClamAV's own harmless test file in every wrapping they publish: with all parsers libclamav has to
// find it but where it is known not to.
TEST(ClamavPublished, FindsItsTestFileInItsWrappings) {
    const char* suites = std::getenv("POSTERN_SUITES");
    if (suites == nullptr) GTEST_SKIP() << "POSTERN_SUITES is not set (see ORIGIN.txt there)";
    const fs::path folder = fs::path(suites) / "clamav-testfiles";
    const testing_support::Loaded loaded("clamav.hdb",
                                         testing_support::read_file(folder / "clamav.hdb"));
    // clam-v2.rar: Debian's libclamav has no RAR.
    const std::set<std::string> known_misses = {"clam-v2.rar"};
    const std::set<std::string> not_cases = {"ORIGIN.txt", "cases.jsonl", "clamav.hdb"};
    std::size_t cases = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (not_cases.contains(name)) continue;
        SCOPED_TRACE(name);
        ++cases;
        const Analysis analysis = loaded.examine(testing_support::read_file(entry.path()));
        const bool found =
            std::any_of(analysis.findings.begin(), analysis.findings.end(), [](const Finding& f) {
                return f.code == "AV_MATCH" && f.detail == "ClamAV-Test-File";
            });
        EXPECT_EQ(found, !known_misses.contains(name));
    }
    EXPECT_GE(cases, 30U);
}

}  // namespace
}  // namespace postern::analyzers
