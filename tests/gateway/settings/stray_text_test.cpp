#include "gateway/settings/stray_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

TEST(StrayText, StandsOutsideOfStringsAndComments) {
    const struct {
        const char* toml;
        std::optional<std::size_t> line;
    } cases[] = {
        {"a = 1\n", std::nullopt},
        {"# \xC3\xA9\na = \"\xC3\xA9\"\nb = '\xC3\xA9'\n", std::nullopt},
        {"\xEF\xBB\xBF"
         "a = 1",
         std::nullopt},
        {"\xEF\xBA\xBFtlisten = 1", 1},
        {"a = 1\n\xC3\xA9 = 2\n", 2},
        {"a = \xC3\xA9\n", 1},
        {"a = \"x\" \xC3\xA9\n", 1},
        {"a = \"\\\"\xC3\xA9\"\n", std::nullopt},
        {"a = \"\\\xC3\xA9\"\n", 1},
        {"a = '\\' \xC3\xA9\n", 1},
        {"a = \"no end\n\xC3\xA9", 2},
        {"a = \"\"\"one\n\xC3\xA9 \"quoted\"\n\"\"\" # \xC3\xA9\n", std::nullopt},
        {"a = \"\"\"one\"\"\"\" \xC3\xA9\n", 1},
        {"a = \"\"\"one\"\"\"\"\" \xC3\xA9\n", 1},
        {"a = '''one\n\xC3\xA9 '' \\''' \xC3\xA9\n", 2},
        {"a = \"\"\"one \\\n  two \xC3\xA9\"\"\"\n", std::nullopt},
        {"a = \"\"\"one \\\n  \xC3\xA9\"\"\"\n", 2},
        {"a = \"\"\"\\\xC3\xA9\"\"\"\n", 1},
        {"", std::nullopt},
    };
    for (const auto& each : cases) EXPECT_EQ(stray_text(each.toml), each.line) << each.toml;
}

TEST(StrayText, IsAnErrorWithItsLine) {
    try {
        (void)parse("[smtp]\n\xEF\xBA\xBFtlisten = 1\n", "p.toml");
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with("p.toml:2: this is not TOML"));
    }
    EXPECT_NO_THROW((void)parse("[lists]\npeople = \"J\xC3\xBCrgen Doe\"\n", "p.toml"));
}

}  // namespace
}  // namespace postern::settings
