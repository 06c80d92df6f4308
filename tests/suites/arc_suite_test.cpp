/// @file ValiMail's ARC test suite: validation of chains.
///
/// Suite: arc-valimail (github.com/ValiMail/arc_test_suite).

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/arc/seal.hpp"
#include "gateway/auth/dkim/tag_list.hpp"
#include "tests/support/auth/verify_text.hpp"
#include "tests/support/case_files.hpp"

namespace postern::auth {
namespace {

using postern::testing_support::suite_folder;

constexpr std::uint64_t kTime = 1'700'000'000;

void load_zone(const YAML::Node& records, tests::FakeResolver& dns) {
    for (const auto& record : records) {
        dns.txt(record.first.as<std::string>(), {record.second.as<std::string>()});
    }
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.pop_back();
    return text;
}

/// An empty expectation stands for a chain that had failed before: we say fail (RFC 8617 5.2).
std::string expectation(const YAML::Node& test) {
    const std::string word = ascii_lower(trimmed(test["cv"].as<std::string>()));
    return word.empty() ? "fail" : word;
}

TEST(ArcSuite, ValidatesAllChains) {
    const auto folder = suite_folder("arc-valimail");
    if (folder.empty()) GTEST_SKIP() << "arc-valimail is not in POSTERN_SUITES";
    std::set<std::pair<std::string, std::string>> cases;  // some stand twice in the file
    for (const YAML::Node& scenario :
         YAML::LoadAllFromFile((folder / "arc-draft-validation-tests.yml").string())) {
        tests::FakeResolver dns;
        load_zone(scenario["txt-records"], dns);
        for (const auto& test : scenario["tests"]) {
            const auto result =
                tests::verify_text(test.second["message"].as<std::string>(), dns, kTime).arc;
            EXPECT_EQ(word(result.result), expectation(test.second))
                << test.first.as<std::string>() << ": " << result.detail;
            cases.emplace(scenario["description"].as<std::string>(), test.first.as<std::string>());
        }
    }
    EXPECT_EQ(cases.size(), 171U);
}

/// The results of all Authentication-Results with our name, one behind the other, as the suite
/// wants them merged.
std::string merged_results(const mail::HeaderBlock& header, const std::string& authserv_id) {
    std::string merged = authserv_id;
    for (const mail::HeaderField& field : header.all("Authentication-Results")) {
        const std::string value = field.unfolded();
        const std::size_t end = value.find(';');
        if (end == std::string::npos || value.substr(0, end) != authserv_id) continue;
        merged += ";" + trimmed(value.substr(end + 1));
    }
    return merged;
}

std::string one_blank(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank) result += c;
        if (blank && !result.empty() && result.back() != ' ') result += ' ';
    }
    return trimmed(result);
}

std::map<std::string, std::string> tags_of(const std::string& text) {
    std::map<std::string, std::string> tags;
    const auto list = dkim::TagList::parse(text);
    if (!list) return tags;
    for (const dkim::Tag& tag : list->tags()) {
        tags[std::string(tag.name)] = dkim::without_blanks(tag.value);
    }
    return tags;
}

void expect_sealed(const YAML::Node& scenario, const YAML::Node& test) {
    tests::FakeResolver dns;
    load_zone(scenario["txt-records"], dns);
    const auto key = dkim::PrivateKey::parse(scenario["privatekey"].as<std::string>());
    ASSERT_TRUE(key);
    const auto time = test["t"].as<std::uint64_t>();
    arc::IntakeLimits limits;
    limits.more = {{dkim::Canonicalization::Relaxed, std::nullopt}};
    arc::SignedMessage message(limits, time);
    ASSERT_TRUE(feed_text(message, test["message"].as<std::string>(), arc::LineEnds::AsLineEnd));
    dns::Inquiry inquiry(dns, {});
    arc::SealTerms terms;
    terms.domain = scenario["domain"].as<std::string>();
    terms.selector = scenario["sel"].as<std::string>();
    terms.time = time;
    const auto names = test["sig-headers"].as<std::string>();
    for (const std::string_view name : dkim::split(names, ':')) terms.fields.emplace_back(name);
    const auto sealed =
        arc::seal(message.block(), message.arc(inquiry),
                  message.bodies().find({dkim::Canonicalization::Relaxed, {}})->digest, *key,
                  merged_results(message.block(), test["srv-id"].as<std::string>()), terms);
    if (trimmed(test["AS"].as<std::string>()).empty()) {
        EXPECT_FALSE(sealed);
        return;
    }
    ASSERT_TRUE(sealed);
    const mail::HeaderBlock fields(*sealed);
    ASSERT_EQ(fields.count(), 3U);
    EXPECT_EQ(tags_of(std::string(fields[0].value)), tags_of(test["AS"].as<std::string>()));
    EXPECT_EQ(tags_of(std::string(fields[1].value)), tags_of(test["AMS"].as<std::string>()));
    EXPECT_EQ(one_blank(fields[2].unfolded()), one_blank(test["AAR"].as<std::string>()));
}

TEST(ArcSuite, SealsAsExpected) {
    const auto folder = suite_folder("arc-valimail");
    if (folder.empty()) GTEST_SKIP() << "arc-valimail is not in POSTERN_SUITES";
    std::size_t cases = 0;
    for (const YAML::Node& scenario :
         YAML::LoadAllFromFile((folder / "arc-draft-sign-tests.yml").string())) {
        for (const auto& test : scenario["tests"]) {
            SCOPED_TRACE(test.first.as<std::string>());
            expect_sealed(scenario, test.second);
            ++cases;
        }
    }
    EXPECT_EQ(cases, 17U);
}

}  // namespace
}  // namespace postern::auth
