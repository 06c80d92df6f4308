// The page shows text of strangers. Its sources have no way to make markup of it, and no address of
// another host.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "tests/support/data_files.hpp"

namespace postern::web {
namespace {

TEST(PageSource, HasNoWayToMakeMarkupOfText) {
    const std::regex forbidden(
        R"(\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|https?://)");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             std::string(POSTERN_SOURCE) + "/web/app/src")) {
        if (!entry.is_regular_file()) continue;
        SCOPED_TRACE(entry.path().string());
        const std::string text = testing_support::read_file(entry.path());
        EXPECT_FALSE(std::regex_search(text, forbidden));
        ++files;
    }
    EXPECT_GT(files, 10U);
}

TEST(PageSource, LockFilesNameNoRegistryAndEveryPackageByItsDigest) {
    for (const char* name : {"/web/app/package-lock.json", "/tests/web/package-lock.json"}) {
        SCOPED_TRACE(name);
        const std::string text = testing_support::read_file(std::string(POSTERN_SOURCE) + name);
        EXPECT_EQ(text.find("\"resolved\""), std::string::npos);
        EXPECT_NE(text.find("\"integrity\": \"sha512-"), std::string::npos);
    }
}

}  // namespace
}  // namespace postern::web
