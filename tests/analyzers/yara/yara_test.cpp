#include "analyzers/yara/yara.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace postern::analyzers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder of rule files that goes away with the test.
class RuleFolder : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "rules-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& text) {
        const std::filesystem::path path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return path;
    }

    std::unique_ptr<YaraEngine> engine() {
        const std::vector paths{folder_};
        auto loaded = YaraEngine::load(paths);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        return loaded ? std::move(loaded).value() : nullptr;
    }

    static Analysis scan(const YaraEngine& engine, std::string_view bytes,
                         std::string_view name = {}, const Limits& limits = {}) {
        Artifact artifact{};
        artifact.bytes = as_bytes(bytes);
        artifact.name = name;
        artifact.type = "text";
        Analysis analysis;
        engine.examine(artifact, Budget(limits), analysis);
        return analysis;
    }

    std::filesystem::path folder_;
};

TEST_F(RuleFolder, AMatchBecomesAFindingWithTheRulesMetas) {
    write("a.yar", R"(rule lure : phishing {
        meta:
            description = "A lure."
            severity = "high"
            score = "6.5"
            attack = "T1566.001, T1204"
        strings:
            $one = "alpha"
            $two = "beta"
            $three = "gamma"
        condition: any of them })");
    const auto rules = engine();
    const Analysis analysis = scan(*rules, "alpha and beta");
    ASSERT_EQ(analysis.findings.size(), 1U);
    const Finding& found = analysis.findings.front();
    EXPECT_EQ(found.code, "YARA_MATCH");
    EXPECT_EQ(found.source, Source::Rule);
    EXPECT_EQ(found.detail, "lure ($one, $two)");
    EXPECT_EQ(found.explanation, "A lure.");
    EXPECT_EQ(found.severity, Severity::High);
    EXPECT_EQ(found.category, Category::Phishing);
    EXPECT_DOUBLE_EQ(found.score, 6.5);
    EXPECT_THAT(found.attack, ElementsAre("T1566.001", "T1204"));
    EXPECT_TRUE(scan(*rules, "delta").findings.empty());
}

TEST_F(RuleFolder, WhatMetasDoNotSayIsAssumed) {
    struct Case {
        const char* title;
        const char* metas;
        Severity severity;
        double score;
        Category category;
    };
    const Case cases[] = {
        {"nothing: the catalogue", "meta: x = 1", Severity::Medium, 4, Category::None},
        {"class malware", "meta: class = \"malware\"", Severity::Medium, 4, Category::Malware},
        {"an unknown class", "meta: class = \"odd\"", Severity::Medium, 4, Category::None},
        {"severity alone", "meta: severity = \"critical\"", Severity::Critical, 10, Category::None},
        {"points", "meta: severity = \"low\" score = 2", Severity::Low, 2, Category::None},
        {"points beyond the range", "meta: severity = \"low\" score = 900", Severity::Low, 100,
         Category::None},
        {"confidence 90", "meta: score = 90", Severity::Critical, 10, Category::None},
        {"confidence 75", "meta: score = 75", Severity::High, 6, Category::None},
        {"confidence 60", "meta: score = 60", Severity::Medium, 4, Category::None},
        {"confidence 40", "meta: score = 40", Severity::Low, 1, Category::None},
        {"confidence 39", "meta: score = 39", Severity::Info, 0, Category::None},
        {"a score that is no number", "meta: score = \"high\"", Severity::Medium, 4,
         Category::None},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        write("a.yar", std::string("rule r { ") + c.metas + " condition: true }");
        const auto rules = engine();
        ASSERT_EQ(rules->rules().size(), 1U);
        const RuleInfo& rule = rules->rules().front();
        EXPECT_EQ(rule.severity, c.severity);
        EXPECT_DOUBLE_EQ(rule.score, c.score);
        EXPECT_EQ(rule.category, c.category);
    }
}

TEST_F(RuleFolder, ABadFileIsRefusedByNameAndLine) {
    write("good.yar", "rule good { condition: true }");
    const auto bad = write("bad.yar", "rule bad {\n  condition: $missing and true\n}");
    const std::vector paths{folder_};
    const auto loaded = YaraEngine::load(paths);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().file, bad.string());
    EXPECT_EQ(loaded.error().line, 2);
    EXPECT_THAT(loaded.error().message, HasSubstr("$missing"));
}

TEST_F(RuleFolder, OneBadFileDoesNotLoseTheOthers) {
    write("a.yar", "rule a { condition: true }");
    write("b.yar", "rule b { condition: nonsense }");
    write("c.yar", "rule c { condition: true }");
    write("d.yara", "include \"a.yar\" rule d { condition: true }");
    const std::vector paths{folder_};
    const auto loaded = YaraEngine::load_what_compiles(paths);
    ASSERT_EQ(loaded.refused.size(), 2U);
    EXPECT_THAT(loaded.refused.at(0).file, HasSubstr("b.yar"));
    EXPECT_THAT(loaded.refused.at(1).file, HasSubstr("d.yara"));
    ASSERT_EQ(loaded.engine->rules().size(), 2U);
    EXPECT_EQ(scan(*loaded.engine, "x").findings.size(), 2U);
}

TEST_F(RuleFolder, TwoFilesMayUseTheSameRuleName) {
    write("one/a.yar", "rule same { strings: $x = \"one\" condition: $x }");
    write("two/a.yar", "rule same { strings: $x = \"two\" condition: $x }");
    write("two/notes.txt", "this is no rule");
    const auto rules = engine();
    EXPECT_EQ(rules->rules().size(), 2U);
    EXPECT_EQ(scan(*rules, "one two").findings.size(), 2U);
}

TEST_F(RuleFolder, PrivateRulesAreNotReported) {
    write("a.yar", "private rule p { condition: true } rule q { condition: p }");
    const auto rules = engine();
    ASSERT_EQ(rules->rules().size(), 1U);
    EXPECT_EQ(scan(*rules, "x").findings.size(), 1U);
}

TEST_F(RuleFolder, RulesSeeNameTypeAndExtension) {
    write("a.yar",
          "rule r { condition: filename == \"a.JS\" and extension == \".js\" and type == \"text\" "
          "and filetype == type and depth == 0 and owner == \"\" }");
    const auto rules = engine();
    EXPECT_EQ(scan(*rules, "x", "a.JS").findings.size(), 1U);
    // A second object is not judged by the first one's name.
    EXPECT_EQ(scan(*rules, "x", "b.txt").findings.size(), 0U);
}

TEST_F(RuleFolder, NoTimeLeftIsAnErrorNotACleanResult) {
    write("a.yar", "rule r { condition: true }");
    const auto rules = engine();
    Artifact artifact{};
    artifact.bytes = as_bytes("x");
    Analysis analysis;
    rules->examine(artifact, Budget(Limits{}, Budget::Clock::now() - std::chrono::minutes(1)),
                   analysis);
    ASSERT_EQ(analysis.errors.size(), 1U);
    EXPECT_EQ(analysis.errors.front().code, ErrorCode::Timeout);
    EXPECT_EQ(analysis.errors.front().analyzer, "yara");
}

TEST_F(RuleFolder, ARuleThatNeverEndsIsStopped) {
    write("a.yar",
          "rule r { condition: for all i in (1..10000000) : "
          "(for all j in (1..10000000) : (uint8(i) + uint8(j) < 1000)) }");
    const auto rules = engine();
    Limits limits;
    limits.milliseconds = 1000;
    const Analysis analysis = scan(*rules, std::string(1000, 'x'), {}, limits);
    ASSERT_EQ(analysis.errors.size(), 1U);
    EXPECT_EQ(analysis.errors.front().code, ErrorCode::Timeout);
}

TEST_F(RuleFolder, AFloodOfMatchesIsBoundedAndSaid) {
    std::string text;
    for (std::size_t i = 0; i <= kMaxYaraMatches; ++i) {
        text += "rule r" + std::to_string(i) + " { condition: true }\n";
    }
    write("a.yar", text);
    const auto rules = engine();
    const Analysis analysis = scan(*rules, "x");
    EXPECT_EQ(analysis.findings.size(), kMaxYaraMatches);
    ASSERT_EQ(analysis.errors.size(), 1U);
    EXPECT_EQ(analysis.errors.front().code, ErrorCode::Resource);
}

TEST_F(RuleFolder, AFileThatIsNotThereIsAnError) {
    const std::vector paths{folder_ / "none.yar"};
    const auto loaded = YaraEngine::load(paths);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().file, paths.front().string());
}

TEST_F(RuleFolder, AnEmptyObjectIsScanned) {
    write("a.yar", "rule r { condition: filesize == 0 }");
    EXPECT_EQ(scan(*engine(), "").findings.size(), 1U);
}

}  // namespace
}  // namespace postern::analyzers
