/// @file Our own rules: each compiles, says what it is, matches its match cases, misses the others.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "analyzers/taste/taste.hpp"
#include "analyzers/yara/yara.hpp"
#include "tests/support/case_files.hpp"

namespace postern::analyzers {
namespace {

using testing_support::CaseFile;

const std::filesystem::path kRules = std::filesystem::path(POSTERN_SOURCE) / "rules" / "yara";
const std::filesystem::path kCases = std::filesystem::path(POSTERN_TEST_DATA) / "rules" / "cases";

class YaraRules : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        const std::vector paths{kRules};
        auto loaded = YaraEngine::load(paths);
        if (!loaded) {
            FAIL() << loaded.error().file << ":" << loaded.error().line << ": "
                   << loaded.error().message;
        }
        engine_ = std::move(loaded).value();
    }
    static void TearDownTestSuite() { engine_.reset(); }
    void SetUp() override { ASSERT_NE(engine_, nullptr); }

    /// Names of the rules that match.
    static std::set<std::string> matches(const CaseFile& file) {
        const Taste kind = taste(as_bytes(file.bytes), file.name);
        Artifact artifact{};
        artifact.bytes = as_bytes(file.bytes);
        artifact.type = kind.type;
        artifact.mime = kind.mime;
        artifact.name = file.name;
        Analysis analysis;
        engine_->examine(artifact, Budget(Limits{}), analysis);
        EXPECT_TRUE(analysis.errors.empty()) << file.name;
        std::set<std::string> names;
        for (const Finding& finding : analysis.findings) {
            names.insert(finding.detail.substr(0, finding.detail.find(' ')));
        }
        return names;
    }

    static std::unique_ptr<YaraEngine> engine_;
};
std::unique_ptr<YaraEngine> YaraRules::engine_;

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder)) return {};
    return testing_support::files_below(folder);
}

TEST_F(YaraRules, EachMatchesItsMatchCases) {
    for (const RuleInfo& rule : engine_->rules()) {
        const auto files = files_in(kCases / rule.name / "match");
        EXPECT_FALSE(files.empty()) << rule.name << " has no match case";
        for (const auto& file : files) {
            EXPECT_EQ(matches(testing_support::read_case(file)).count(rule.name), 1U) << file;
        }
    }
}

TEST_F(YaraRules, EachMissesItsMissCases) {
    for (const RuleInfo& rule : engine_->rules()) {
        const auto files = files_in(kCases / rule.name / "miss");
        EXPECT_FALSE(files.empty()) << rule.name << " has no miss case";
        for (const auto& file : files) {
            EXPECT_EQ(matches(testing_support::read_case(file)).count(rule.name), 0U) << file;
        }
    }
}

TEST_F(YaraRules, NoMissCaseMatchesAnotherSevereRule) {
    std::set<std::string> severe;
    for (const RuleInfo& rule : engine_->rules()) {
        if (rule.severity >= Severity::High) severe.insert(rule.name);
    }
    for (const RuleInfo& rule : engine_->rules()) {
        for (const auto& file : files_in(kCases / rule.name / "miss")) {
            for (const std::string& other : matches(testing_support::read_case(file))) {
                EXPECT_EQ(severe.count(other), 0U) << file << " matches " << other;
            }
        }
    }
}

TEST_F(YaraRules, EachSaysWhatItMeans) {
    EXPECT_GE(engine_->rules().size(), 12U);
    for (const RuleInfo& rule : engine_->rules()) {
        SCOPED_TRACE(rule.name);
        EXPECT_TRUE(rule.name.starts_with("Postern_"));
        EXPECT_TRUE(rule.description.ends_with('.'));
        EXPECT_EQ(rule.author, "Postern project");
        EXPECT_EQ(rule.date.size(), std::string("2026-01-01").size());
        EXPECT_FALSE(rule.attack.empty());
        EXPECT_NE(rule.category, Category::None);
        EXPECT_GT(rule.score, 0);
        EXPECT_LE(rule.score, 10);
    }
}

TEST_F(YaraRules, NoneSlowsScanningDown) {
    for (const RuleMessage& warning : engine_->warnings()) {
        ADD_FAILURE() << warning.file << ":" << warning.line << ": " << warning.message;
    }
}

TEST_F(YaraRules, NoCaseIsLeftBehindByARuleThatIsGone) {
    std::set<std::string> names;
    for (const RuleInfo& rule : engine_->rules()) names.insert(rule.name);
    for (const auto& folder : std::filesystem::directory_iterator(kCases)) {
        EXPECT_EQ(names.count(folder.path().filename().string()), 1U) << folder.path();
    }
}

}  // namespace
}  // namespace postern::analyzers
