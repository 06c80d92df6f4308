/// @file Published archives, well-formed and hostile: no crash, no hang, bounded, never silence.
///
/// Suites: archive-bombs and archive-traversal (small files after public descriptions of zip bombs
/// and of jwilk/traversal-archives, snyk/zip-slip-vulnerability), libarchive
/// (github.com/libarchive/libarchive, its own test files), strelka-fixtures
/// (github.com/target/strelka), clamav-testfiles (github.com/Cisco-Talos/clamav), corkami
/// (github.com/corkami/pocs). Each folder's ORIGIN.txt names the commit.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "analyzers/archive/archive.hpp"
#include "analyzers/base/sha256.hpp"
#include "analyzers/taste/taste.hpp"
#include "tests/support/case_files.hpp"

namespace postern::analyzers {
namespace {

/// Beyond the time limit: a decoder is asked between two steps only.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr auto kGrace = std::chrono::seconds(60);
#else
constexpr auto kGrace = std::chrono::seconds(20);
#endif

struct Unpacked {
    std::vector<std::string> names;
    std::vector<std::string> digests;
    std::vector<std::string> flags;
    std::vector<ErrorCode> errors;
    std::vector<Limit> limits;
    std::uint64_t bytes = 0;

    [[nodiscard]] bool flagged(std::string_view flag) const {
        return std::find(flags.begin(), flags.end(), flag) != flags.end();
    }
};

struct Item {
    std::string bytes;
    std::string name;
    std::uint32_t depth;
};

void analyze_as(std::string_view type, const Item& item, Budget& budget, std::deque<Item>& queue,
                Unpacked& seen) {
    if (!archive_accepts(type)) return;
    Artifact artifact{};
    artifact.bytes = as_bytes(item.bytes);
    artifact.type = type;
    artifact.name = item.name;
    artifact.depth = item.depth;
    Analysis analysis = archive_analyze(artifact, budget);
    seen.flags.insert(seen.flags.end(), analysis.flags.begin(), analysis.flags.end());
    for (const AnalysisError& error : analysis.errors) seen.errors.push_back(error.code);
    for (const LimitHit& hit : analysis.limits) seen.limits.push_back(hit.limit);
    for (Child& child : analysis.children) {
        seen.bytes += child.bytes.size();
        seen.names.push_back(child.name);
        if (const auto hit = budget.check_depth(item.depth + 1)) {
            seen.limits.push_back(hit->limit);
        } else {
            queue.push_back({std::move(child.bytes), child.name, item.depth + 1});
        }
    }
}

/// Everything, level by level, as the pipeline does it.
Unpacked unpack(const std::filesystem::path& path) {
    static const ArchiveWarmUp warm_up;
    Budget budget{Limits{}};
    Unpacked seen;
    std::deque<Item> queue;
    queue.push_back({testing_support::read_file(path), path.filename().string(), 0});
    while (!queue.empty()) {
        const Item item = std::move(queue.front());
        queue.pop_front();
        seen.digests.push_back(sha256_hex(as_bytes(item.bytes)));
        const Taste kind = taste(as_bytes(item.bytes), item.name);
        analyze_as(kind.type, item, budget, queue, seen);
        for (const std::string_view also : kind.also) analyze_as(also, item, budget, queue, seen);
    }
    return seen;
}

std::vector<nlohmann::json> cases_of(const std::filesystem::path& folder) {
    std::vector<nlohmann::json> cases;
    std::ifstream lines(folder / "cases.jsonl");
    for (std::string line; std::getline(lines, line);) cases.push_back(nlohmann::json::parse(line));
    return cases;
}

class PublishedArchives : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedArchives, EndInTimeAndWithinTheLimits) {
    const auto folder = testing_support::suite_folder(GetParam());
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; published: see the head of this file";
    const Limits limits;
    for (const auto& file : testing_support::files_below(folder)) {
        SCOPED_TRACE(file.string());
        const auto started = std::chrono::steady_clock::now();
        const Unpacked seen = unpack(file);
        EXPECT_LT(std::chrono::steady_clock::now() - started,
                  std::chrono::milliseconds(limits.milliseconds) + kGrace);
        EXPECT_LE(seen.bytes, limits.bytes);
    }
}
INSTANTIATE_TEST_SUITE_P(Suites, PublishedArchives,
                         ::testing::Values("archive-bombs", "archive-traversal", "libarchive",
                                           "strelka-fixtures", "clamav-testfiles", "corkami"),
                         [](const auto& suite) {
                             std::string name = suite.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST(PublishedBombs, EachHitsALimit) {
    const auto folder = testing_support::suite_folder("archive-bombs");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES";
    for (const auto& file : testing_support::files_below(folder)) {
        EXPECT_FALSE(unpack(file).limits.empty()) << file;
    }
}

TEST(PublishedTraversals, EachIsFlaggedOrHarmless) {
    const auto folder = testing_support::suite_folder("archive-traversal");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES";
    for (const auto& file : testing_support::files_below(folder)) {
        const std::string name = file.filename().string();
        const Unpacked seen = unpack(file);
        EXPECT_FALSE(seen.names.empty()) << name;
        const bool harmless = name.starts_with("dup-names") || name.starts_with("rtlo");
        EXPECT_EQ(seen.flagged("path-traversal"), !harmless) << name;
    }
}

/// Read or refused aloud: a well-formed archive that gives no member gives an error.
TEST(PublishedLibarchiveFiles, NoneIsPassedOverInSilence) {
    const auto folder = testing_support::suite_folder("libarchive");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES";
    std::size_t read = 0;
    std::size_t refused = 0;
    for (const nlohmann::json& row : cases_of(folder)) {
        const std::string name = row.at("file").get<std::string>();
        const auto path = folder / name;
        if (!std::filesystem::exists(path)) continue;
        const Unpacked seen = unpack(path);
        read += seen.names.empty() ? 0U : 1U;
        refused += seen.errors.empty() ? 0U : 1U;
        if (row.at("kind") == "encrypted") {
            EXPECT_TRUE(seen.flagged("encrypted")) << name;
        }
    }
    RecordProperty("read", static_cast<int>(read));
    RecordProperty("refused", static_cast<int>(refused));
    EXPECT_GT(read, 150U);
}

/// What ClamAV's test files wrap is always the same program.
TEST(PublishedClamavFiles, ContainersWeUnpackYieldTheProgram) {
    const auto folder = testing_support::suite_folder("clamav-testfiles");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES";
    const std::string program =
        sha256_hex(as_bytes(testing_support::read_file(folder / "clam.exe")));
    for (const char* name :
         {"clam.7z", "clam.zip", "clam.bz2.zip", "clam.cab", "clam.exe.bz2", "clam.exe.binhex",
          "clam.bin-be.cpio", "clam.bin-le.cpio", "clam.odc.cpio", "clam.tar.gz", "clamjol.iso",
          "clam.exe_and_mail.tar.gz", "clam_cache_emax.tgz", "clam.split.oneseg.zip"}) {
        const Unpacked seen = unpack(folder / name);
        EXPECT_NE(std::find(seen.digests.begin(), seen.digests.end(), program), seen.digests.end())
            << name;
    }
}

}  // namespace
}  // namespace postern::analyzers
