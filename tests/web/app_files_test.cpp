#include "web/server/app_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/web/running_api.hpp"

namespace postern::web {
namespace {

class AppFilesTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_.path() + "/app/assets");
        std::ofstream(folder_.path() + "/secret.txt") << "secret";
        write("index.html", "<!doctype html>");
        write("assets/a-1.js", "let a;");
    }
    void write(const std::string& name, const std::string& content) {
        std::ofstream(folder_.path() + "/app/" + name) << content;
    }
    static Request get(const std::string& path) { return {.method = "GET", .path = path}; }

    web_tests::TemporaryFolder folder_;
};

TEST_F(AppFilesTest, ServesWhatIsThereAndNothingElse) {
    const auto app = AppFiles::load(folder_.path() + "/app");
    ASSERT_TRUE(app);
    EXPECT_EQ(app->answer(get("/"))->body, "<!doctype html>");
    EXPECT_EQ(app->answer(get("/"))->content_type, "text/html; charset=utf-8");
    EXPECT_EQ(app->answer(get("/assets/a-1.js"))->content_type, "text/javascript; charset=utf-8");
    for (const char* path :
         {"/assets", "/assets/", "/../secret.txt", "/assets/../index.html", ""}) {
        SCOPED_TRACE(path);
        EXPECT_FALSE(app->answer(get(path)));
    }
}

TEST_F(AppFilesTest, FilesThatComeLaterAreNotServed) {
    const auto app = AppFiles::load(folder_.path() + "/app");
    ASSERT_TRUE(app);
    write("later.js", "let b;");
    EXPECT_FALSE(app->answer(get("/later.js")));
}

TEST_F(AppFilesTest, SaysNotModifiedForAKnownTag) {
    const auto app = AppFiles::load(folder_.path() + "/app");
    ASSERT_TRUE(app);
    const auto first = app->answer(get("/"));
    Request again = get("/");
    again.headers = {{"If-None-Match", first->headers.at(0).second}};
    EXPECT_EQ(app->answer(again)->status, 304);
    EXPECT_EQ(app->answer(again)->body, "");
}

TEST_F(AppFilesTest, AFolderWithoutPageIsAnError) {
    EXPECT_FALSE(AppFiles::load(folder_.path() + "/nowhere"));
    std::filesystem::remove(folder_.path() + "/app/index.html");
    EXPECT_FALSE(AppFiles::load(folder_.path() + "/app"));
}

}  // namespace
}  // namespace postern::web
