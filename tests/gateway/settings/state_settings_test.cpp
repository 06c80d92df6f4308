#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

State read(const std::string& lines) {
    return parse("[state]\n" + lines, "a.toml").settings.state;
}

std::string error_of(const std::string& lines) {
    try {
        static_cast<void>(read(lines));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

TEST(StateSettings, AreInMemoryWithoutAnyKey) {
    const State state = read("");
    EXPECT_EQ(state.url, "memory:");
    EXPECT_EQ(state.timeout, std::chrono::milliseconds(250));
    EXPECT_EQ(state.prefix, "postern:");
}

TEST(StateSettings, TakeEachKindOfStore) {
    for (const char* url : {"memory:", "sqlite:///var/lib/postern/state.db", "redis://h",
                            "redis://u:p@[::1]:6379/1", "unix:///run/redis/redis.sock"}) {
        EXPECT_EQ(read("url = \"" + std::string(url) + "\"\n").url, url);
    }
    const State state = read(
        "url = \"redis://h\"\ntimeout = \"50ms\"\nfile_timeout = \"1s\"\nmemory = \"4MiB\"\n"
        "file = \"1GiB\"\nprefix = \"site-a:\"\nconnections = 2\n");
    EXPECT_EQ(state.timeout, std::chrono::milliseconds(50));
    EXPECT_EQ(state.memory, std::uint64_t{4} << 20);
    EXPECT_EQ(state.connections, 2U);
    EXPECT_EQ(state.prefix, "site-a:");
}

struct BadState {
    const char* lines;
    const char* says;
};

TEST(StateSettings, RefuseWhatIsNoneWithoutRepeatingAPassword) {
    const BadState cases[] = {
        {"url = \"\"\n", "a.toml:2: state.url is unknown"},
        {"url = \"redis://\"\n", "a.toml:2: state.url is unknown"},
        {"url = \"sqlite:\"\n", "state.url is unknown"},
        {"url = \"memory:x\"\n", "state.url is unknown"},
        {"url = \"http://u:hunter2@h\"\n", "state.url is unknown"},
        {"timeout = \"9ms\"\n", "10ms to 10s is expected"},
        {"memory = \"3MiB\"\n", "4MiB"},
        {"prefix = \"with space\"\n", "state.prefix is not"},
        {"connections = 0\n", "1 to 256 is expected"},
    };
    for (const BadState& c : cases) {
        SCOPED_TRACE(c.lines);
        const std::string error = error_of(c.lines);
        EXPECT_NE(error.find(c.says), std::string::npos) << error;
        EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
    }
}

}  // namespace
}  // namespace postern::settings
