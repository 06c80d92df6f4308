/// @file Hosts that forbid some of it, imitated by an outer filter that all below inherit.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "sandbox/landlock.hpp"
#include "tests/sandbox/jail.hpp"

namespace postern::sandbox {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone with the test.
class Folder {
public:
    Folder() {
        std::string pattern = testing::TempDir() + "postern-scratch-XXXXXX";
        if (::mkdtemp(pattern.data()) != nullptr) path = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    std::string path;
};

std::string refusal(const std::vector<std::string>& words) {
    Jail jail(words);
    const auto message = jail.spawned_ ? Jail::next(jail.spawned_->channel()) : std::nullopt;
    const auto* failed = message ? std::get_if<Failed>(&*message) : nullptr;
    return failed == nullptr ? "" : failed->text;
}

TEST(WeakerHost, WithoutNamespacesTheFullJailIsRefusedAndTheCallNamed) {
    const std::string why = refusal({"--host", "container", "--require", "full"});
    EXPECT_NE(why.find("user namespace"), std::string::npos) << why;
    EXPECT_NE(why.find("unshare(CLONE_NEWUSER): Operation not permitted"), std::string::npos)
        << why;
}

TEST(WeakerHost, WithoutNamespacesWorkersGetFoldersOfTheirOwn) {
    if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    const Folder base;
    fs::create_directories(base.path + "/left-behind/deep");
    Jail jail({"--host", "container", "--require", "reduced", "--scratch", base.path});
    ASSERT_TRUE(jail.ready());
    EXPECT_NE(jail.status_.find("\"user_namespace\":false"), std::string::npos) << jail.status_;
    EXPECT_NE(jail.status_.find("\"landlock\":true"), std::string::npos) << jail.status_;
    EXPECT_FALSE(fs::exists(base.path + "/left-behind"));
    EXPECT_EQ(jail.run("echo").report, "echo");
    EXPECT_EQ(jail.run("open").report, "no");
    EXPECT_EQ(jail.run("in scratch").report, "yes");
    EXPECT_EQ(jail.run("up from it").report, "no");
    jail.spawned_.reset();
}

TEST(WeakerHost, AWorkersFolderGoesWithIt) {
    if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    const Folder base;
    Jail jail(
        {"--host", "container", "--require", "reduced", "--scratch", base.path, "--idle", "0"});
    ASSERT_TRUE(jail.ready());
    EXPECT_EQ(jail.run("in scratch").report, "yes");
    EXPECT_TRUE(fs::is_empty(base.path));
}

TEST(WeakerHost, EndingsAreToldApartWithoutNamespacesToo) {
    if (kSanitized) GTEST_SKIP() << "no filter in sanitizer builds";
    Jail jail({"--host", "container", "--require", "seccomp"});
    ASSERT_TRUE(jail.ready());
    const std::pair<const char*, Cause> cases[] = {
        {"abort", Cause::Aborted}, {"call", Cause::Forbidden}, {"segment", Cause::Crashed}};
    for (const auto& [message, cause] : cases) {
        const auto result = jail.run(message);
        ASSERT_TRUE(result.ended) << message;
        EXPECT_EQ(name(result.ended->cause), name(cause)) << message;
    }
}

TEST(WeakerHost, WithoutLandlockThereIsNoScratchAndReducedIsRefused) {
    const Folder base;
    const std::string why =
        refusal({"--host", "bare", "--require", "reduced", "--scratch", base.path});
    EXPECT_NE(why.find("Landlock is not in force"), std::string::npos) << why;
    EXPECT_NE(why.find("landlock_create_ruleset: Function not implemented"), std::string::npos)
        << why;

    Jail jail({"--host", "bare", "--require", "seccomp", "--scratch", base.path});
    ASSERT_TRUE(jail.ready());
    EXPECT_NE(jail.status_.find("\"scratch\":false"), std::string::npos) << jail.status_;
    if (kSanitized) return;  // no filter there
    EXPECT_EQ(jail.run("open").report, "no");
    EXPECT_EQ(jail.run("in scratch").report, "no");
}

TEST(WeakerHost, LandlockAloneMayBeMissingFromTheFullJail) {
    Jail jail({"--host", "no-landlock", "--require", "full"});
    ASSERT_TRUE(jail.ready());
    EXPECT_NE(jail.status_.find("\"landlock\":false"), std::string::npos) << jail.status_;
    EXPECT_EQ(jail.run("open").report, "no");
    EXPECT_EQ(jail.run("touch").report, "yes");
}

}  // namespace
}  // namespace postern::sandbox
