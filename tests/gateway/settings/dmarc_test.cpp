#include "gateway/settings/dmarc.hpp"

#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

TEST(DmarcSettings, NothingIsKeptUntilAMailboxIsNamed) {
    const Dmarc none = parse("", "a.toml").settings.dmarc;
    EXPECT_TRUE(none.reports_to.empty());
    EXPECT_EQ(none.keep_reports, std::chrono::hours(24 * 365));
    EXPECT_EQ(none.max_rows, 500'000U);
    const Dmarc some = parse(
                           "[dmarc]\nreports_to = [\"DMARC@Example.org\", \"b@c.org\"]\n"
                           "keep_reports = \"1d\"\nmax_rows = 1\n",
                           "a.toml")
                           .settings.dmarc;
    EXPECT_EQ(some.reports_to, (std::vector<std::string>{"dmarc@example.org", "b@c.org"}));
    EXPECT_EQ(some.keep_reports, std::chrono::hours(24));
    EXPECT_EQ(some.max_rows, 1U);
}

TEST(DmarcSettings, WhatMakesNoSenseIsRefusedWithItsLine) {
    for (const char* wrong :
         {"[dmarc]\nreports_to = [\"dmarc\"]", "[dmarc]\nreports_to = [\"mailto:a@b.org\"]",
          "[dmarc]\nreports_to = [\"a@b@c.org\"]", "[dmarc]\nreports_to = [\"@b.org\"]",
          "[dmarc]\nreports_to = [\"\"]", "[dmarc]\nreports_to = \"a@b.org\"",
          "[dmarc]\nkeep_reports = \"1h\"", "[dmarc]\nmax_rows = 0"}) {
        SCOPED_TRACE(wrong);
        try {
            (void)parse(wrong, "a.toml");
            ADD_FAILURE() << "was taken";
        } catch (const ConfigError& error) {
            EXPECT_EQ(std::string_view(error.what()).substr(0, 9), "a.toml:2:") << error.what();
        }
    }
}

}  // namespace
}  // namespace postern::settings
