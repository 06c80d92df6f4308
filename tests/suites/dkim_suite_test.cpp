/// @file Published DKIM messages: the vector of RFC 8463 appendix A, the corpus of Mail::DKIM, the
/// messages of mail-auth.
///
/// Suites: dkim-rfc-vectors, dkim-mail-dkim (github.com/fastmail/mail-dkim), dkim-mail-auth
/// (github.com/stalwartlabs/mail-auth).

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/auth/verify_text.hpp"
#include "tests/support/case_files.hpp"

namespace postern::auth {
namespace {

using postern::testing_support::suite_folder;

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

bool any_pass(const std::vector<Dkim>& results) {
    return std::any_of(results.begin(), results.end(),
                       [](const Dkim& each) { return each.result == DkimResult::Pass; });
}

std::string told(const std::vector<Dkim>& results) {
    std::string text;
    for (const Dkim& each : results) {
        text += std::string(word(each.result)) + " " + each.domain + " (" + each.detail + ") ";
    }
    return text;
}

TEST(DkimSuite, VerifiesTheVectorOfRfc8463) {
    const auto folder = suite_folder("dkim-rfc-vectors");
    if (folder.empty()) GTEST_SKIP() << "dkim-rfc-vectors is not in POSTERN_SUITES";
    tests::FakeResolver dns;
    const auto zone = nlohmann::json::parse(read(folder / "dns.json"));
    for (const auto& [name, types] : zone.items()) {
        std::vector<std::string> texts;
        for (const auto& strings : types.at("TXT")) {
            std::string joined;
            for (const auto& each : strings) joined += each.get<std::string>();
            texts.push_back(joined);
        }
        dns.txt(name, texts);
    }
    const auto results = tests::verify_text(read(folder / "signed.eml"), dns, 1528637909);
    ASSERT_EQ(results.dkim.size(), 2U);
    for (const Dkim& each : results.dkim) EXPECT_EQ(each.result, DkimResult::Pass) << each.detail;
}

/// "name text", "name NXDOMAIN", "name ~~what went wrong~~".
void load_fake_dns(const std::filesystem::path& path, tests::FakeResolver& dns) {
    std::istringstream lines(read(path));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t blank = line.find(' ');
        if (line.empty() || line[0] == '#' || blank == std::string::npos) continue;
        const std::string name = line.substr(0, blank);
        const std::string text =
            line.substr(std::min(line.find_first_not_of(' ', blank), line.size()));
        if (text == "NXDOMAIN") continue;
        if (text.starts_with("~~")) {
            dns.fails(name, dns::RecordType::Txt);
        } else {
            dns.txt(name, {text == "\"\"" ? "" : text});
        }
    }
}

/// Where we say otherwise than the corpus, and why. Not core: what the corpus keeps for software
/// older than RFC 6376.
const std::map<std::string, std::string> kDeviations = {
    {"corpus/goodkey_3.txt", "RFC 8301 3.2: a key of 512 bits proves nothing"},
    {"corpus/good_rfc4871_3.txt", "RFC 8301 3.1: rsa-sha1 MUST NOT be used for verifying"},
    {"corpus/good_83176.txt", "RFC 8301 3.1: rsa-sha1 MUST NOT be used for verifying"},
    {"corpus/good_qp_3.txt", "RFC 8301 3.1: rsa-sha1 MUST NOT be used for verifying"},
    {"corpus/multiple_2.txt", "RFC 8301 3.1: rsa-sha1 MUST NOT be used for verifying"},
    {"corpus/good_ietf00_1.txt", "RFC 6376 3.5: v=1 is required"},
    {"corpus/good_ietf00_4.txt", "RFC 6376 3.5: v=1 is required"},
    {"corpus/mine_ietf01_2.txt", "RFC 6376 3.5: v=1 is required"},
    {"corpus/mine_ietf05_1.txt", "RFC 6376 3.5: v= must be 1"},
    {"corpus/no_body_3.txt", "RFC 6376 3.5: v= must be 1"},
    {"corpus/good_dk_1.txt", "DomainKeys (RFC 4870) is historic"},
    {"corpus/good_dk_4.txt", "DomainKeys (RFC 4870) is historic"},
    {"corpus/good_dk_7.txt", "DomainKeys (RFC 4870) is historic"},
    {"corpus/dk_multiple_1.txt", "DomainKeys (RFC 4870) is historic"},
};

TEST(DkimSuite, AgreesWithTheCorpusOfMailDkim) {
    const auto folder = suite_folder("dkim-mail-dkim");
    if (folder.empty()) GTEST_SKIP() << "dkim-mail-dkim is not in POSTERN_SUITES";
    tests::FakeResolver dns;
    load_fake_dns(folder / "FAKE_DNS.dat", dns);
    std::istringstream lines(read(folder / "cases.jsonl"));
    std::size_t agreed = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto one = nlohmann::json::parse(line);
        const auto file = one.at("file").get<std::string>();
        const auto expected = one.at("expect").get<std::string>();
        const auto results = tests::verify_text(read(folder / file), dns, 1'700'000'000).dkim;
        SCOPED_TRACE(file + ": " + told(results));
        if (kDeviations.contains(file)) {
            EXPECT_FALSE(any_pass(results)) << "no longer deviates: " << kDeviations.at(file);
            continue;
        }
        EXPECT_EQ(any_pass(results), expected == "pass");
        if (expected == "fail" && one.at("core").get<bool>() && !results.empty()) {
            EXPECT_TRUE(results[0].result == DkimResult::Fail ||
                        results[0].result == DkimResult::PermError);
        }
        ++agreed;
    }
    std::cout << agreed << " agree, " << kDeviations.size() << " deviate by rule\n";
}

TEST(DkimSuite, VerifiesTheMessagesOfMailAuth) {
    const auto folder = suite_folder("dkim-mail-auth");
    if (folder.empty()) GTEST_SKIP() << "dkim-mail-auth is not in POSTERN_SUITES";
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".txt" || entry.path().stem() == "ORIGIN") continue;
        const std::string text = read(entry.path());
        const std::size_t start = text.find("\n\n");
        ASSERT_NE(start, std::string::npos);
        tests::FakeResolver dns;
        std::istringstream records(text.substr(0, start));
        for (std::string line; std::getline(records, line);) {
            const std::size_t blank = line.find(' ');
            dns.txt(line.substr(0, blank), {line.substr(blank + 1)});
        }
        const auto results = tests::verify_text(text.substr(start + 2), dns, 1667843664, {},
                                                arc::LineEnds::AsLineEnd)
                                 .dkim;
        SCOPED_TRACE(entry.path().string() + ": " + told(results));
        ASSERT_FALSE(results.empty());
        EXPECT_EQ(results.back().result, DkimResult::Pass);
        ++files;
    }
    EXPECT_EQ(files, 6U);
}

}  // namespace
}  // namespace postern::auth
