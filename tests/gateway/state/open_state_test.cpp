#include "gateway/state/open_state.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct WrongUrl {
    const char* url;
    const char* says;
};

TEST(OpenState, SaysWhatIsWrongWithAUrlButNotThePassword) {
    const WrongUrl cases[] = {
        {"", "begins with none"},
        {"memory", "begins with none"},
        {"postgresql://u:hunter2@h", "begins with none"},
        {"sqlite:", "absolute path"},
        {"sqlite:state.db", "absolute path"},
        {"sqlite:///folder/", "absolute path"},
        {"sqlite:///nowhere/at/all/state.db", "folder has to be there"},
        {"redis://u:hunter2@h:0", "port"},
        {"rediss://u:hunter2@h", "tunnel"},
        {"unix:relative", "absolute path"},
    };
    for (const WrongUrl& c : cases) {
        SCOPED_TRACE(c.url);
        for (const auto& open : {open_state, open_store}) {
            const auto state = open(c.url, {}, nullptr);
            ASSERT_FALSE(state);
            EXPECT_NE(state.error().detail.find(c.says), std::string::npos) << state.error().detail;
            EXPECT_EQ(state.error().detail.find("hunter2"), std::string::npos);
        }
    }
}

TEST(OpenState, OpensEachStore) {
    const TemporaryFolder folder;
    const RedisServer server;
    OpenOptions options;
    options.timeout = seconds(10);
    options.file_timeout = seconds(30);
    for (const std::string& url :
         {std::string("memory:"), "sqlite://" + folder.file("a.db"),
          "sqlite:" + folder.file("b.db"), server.url(), "unix://" + server.socket() + "?db=2"}) {
        SCOPED_TRACE(url);
        const auto state = open_state(url, options, nullptr);
        ASSERT_TRUE(state) << state.error().detail;
        EXPECT_TRUE((*state)->put("a:1", "x", hours(1)));
        EXPECT_EQ((*state)->get("a:1").value_or({}), "x");
        EXPECT_FALSE((*state)->figures().degraded);
    }
}

TEST(OpenState, ARefusedPasswordIsAnErrorAndAnUnreachableServerIsNot) {
    RedisServer::Options secured;
    secured.more = {"--requirepass", "right"};
    RedisServer server(secured);
    OpenOptions options;
    options.timeout = seconds(10);
    Alarms alarms;
    const std::string wrong = "unix://:hunter2@" + server.socket();
    const auto refused = open_state(wrong, options, alarms.sink());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("state.url"), std::string::npos);
    EXPECT_EQ(refused.error().detail.find("hunter2"), std::string::npos);

    server.kill();
    const auto away = open_state(wrong, options, alarms.sink());
    ASSERT_TRUE(away);
    EXPECT_TRUE((*away)->figures().degraded);
    EXPECT_FALSE(open_store(wrong, options, nullptr));  // a tool wants to know
    EXPECT_EQ(alarms.text(Alarm::Kind::Degraded).find("hunter2"), std::string::npos);
}

TEST(OpenState, AFullDiskOrLostFolderDegradesInsteadOfFailing) {
    auto folder = std::make_unique<TemporaryFolder>();
    OpenOptions options;
    options.resilience.failures = 1;
    options.resilience.first_retry = hours(1);
    Alarms alarms;
    const auto state = open_state("sqlite://" + folder->file("a.db"), options, alarms.sink());
    ASSERT_TRUE(state);
    folder.reset();  // the store notices within a second or two that its file is gone
    EXPECT_TRUE(eventually([&] {
        EXPECT_TRUE((*state)->put("a:1", "x", hours(1)));
        return (*state)->figures().degraded;
    }));
    EXPECT_EQ((*state)->get("a:1").value_or({}), "x");
    EXPECT_EQ(alarms.count(Alarm::Kind::Degraded), 1U);
}

}  // namespace
}  // namespace postern::state
