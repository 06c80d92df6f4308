#include "gateway/settings/auth.hpp"

#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

TEST(AuthSettings, DefaultsAreSafe) {
    const Auth auth = parse("", "empty").settings.auth;
    EXPECT_TRUE(auth.add_results);
    EXPECT_TRUE(auth.trusted_sealers.empty());
    EXPECT_FALSE(auth.accept_partial_body);
    EXPECT_FALSE(auth.accept_unsigned_duplicates);
    EXPECT_FALSE(auth.trusted_clients);
    EXPECT_EQ(auth.min_rsa_bits, 1024U);
}

TEST(AuthSettings, EveryKeyIsRead) {
    const Auth auth = parse(
                          "[auth]\nauthserv_id = \"mx.example.org\"\nadd_results = false\n"
                          "received_spf = true\nspf_helo = false\nspf_time = \"5s\"\n"
                          "trusted_sealers = [\"Lists.Example.ORG\"]\nmax_signatures = 3\n"
                          "min_rsa_bits = 2048\naccept_partial_body = true\n"
                          "accept_unsigned_duplicates = true\ntrusted_clients = true\n",
                          "a.toml")
                          .settings.auth;
    EXPECT_EQ(auth.authserv_id, "mx.example.org");
    EXPECT_FALSE(auth.add_results);
    EXPECT_TRUE(auth.received_spf);
    EXPECT_FALSE(auth.spf_helo);
    EXPECT_EQ(auth.spf_time, std::chrono::seconds(5));
    EXPECT_EQ(auth.trusted_sealers, std::vector<std::string>{"lists.example.org"});
    EXPECT_EQ(auth.max_signatures, 3U);
    EXPECT_EQ(auth.min_rsa_bits, 2048U);
    EXPECT_TRUE(auth.accept_partial_body);
    EXPECT_TRUE(auth.accept_unsigned_duplicates);
    EXPECT_TRUE(auth.trusted_clients);
}

TEST(AuthSettings, ReportsAreOffUntilSomebodySendsThem) {
    EXPECT_FALSE(parse("", "a.toml").settings.auth.aggregate_reports);
    const Auth auth = parse(
                          "[auth]\naggregate_reports = true\nreport_from = \"dmarc@b.org\"\n"
                          "report_org = \"B & Co\"\nreport_interval = \"1s\"\nreport_rows = 1\n"
                          "report_size = \"1KiB\"\n",
                          "a.toml")
                          .settings.auth;
    EXPECT_TRUE(auth.aggregate_reports);
    EXPECT_EQ(auth.report_from, "dmarc@b.org");
    EXPECT_EQ(auth.report_org, "B & Co");
    EXPECT_EQ(auth.report_interval, std::chrono::seconds(1));
    EXPECT_EQ(auth.report_rows, 1U);
    EXPECT_EQ(auth.report_size, 1024U);
}

TEST(AuthSettings, FailureReportsAreOffAndBounded) {
    const Auth off = parse("", "a.toml").settings.auth;
    EXPECT_FALSE(off.failure_reports);
    EXPECT_EQ(off.failure_reports_per_domain, 10U);
    EXPECT_EQ(off.failure_reports_per_hour, 100U);
    EXPECT_EQ(off.failure_reports_waiting, 100U);
    EXPECT_EQ(off.failure_report_header, 16'384U);
    const Auth on = parse(
                        "[auth]\nfailure_reports = true\nreport_from = \"dmarc@b.org\"\n"
                        "failure_reports_per_domain = 1\nfailure_reports_per_hour = 2\n"
                        "failure_reports_waiting = 3\nfailure_report_header = \"1KiB\"\n",
                        "a.toml")
                        .settings.auth;
    EXPECT_TRUE(on.failure_reports);
    EXPECT_FALSE(on.aggregate_reports);
    EXPECT_EQ(on.failure_reports_per_domain, 1U);
    EXPECT_EQ(on.failure_reports_per_hour, 2U);
    EXPECT_EQ(on.failure_reports_waiting, 3U);
    EXPECT_EQ(on.failure_report_header, 1024U);
}

TEST(AuthSettings, WhatMakesNoSenseIsRefusedWithItsLine) {
    const char* kWrong[] = {"[auth]\nauthserv_id = \"mx; dmarc=pass\"",
                            "[auth]\ntrusted_sealers = [\"a@b.org\"]",
                            "[auth]\ntrusted_sealers = [\"\"]",
                            "[auth]\nspf_time = \"1ms\"",
                            "[auth]\nmax_signatures = 0",
                            "[auth]\nmin_rsa_bits = 511",
                            "[auth]\naggregate_reports = true",
                            "[auth]\nfailure_reports = true",
                            "[auth]\nfailure_reports_per_domain = 0",
                            "[auth]\nfailure_reports_per_hour = 10001",
                            "[auth]\nfailure_reports_waiting = 0",
                            "[auth]\nfailure_report_header = 1023",
                            "[auth]\nreport_from = \"dmarc\"",
                            "[auth]\nreport_from = \"a@b.org>\\r\\nBcc: <c@d.org\"",
                            "[auth]\nreport_from = \"a@b@c.org\"",
                            "[auth]\nreport_org = \"a\\nb\"",
                            "[auth]\nreport_interval = \"999ms\"",
                            "[auth]\nreport_interval = \"169h\"",
                            "[auth]\nreport_rows = 0",
                            "[auth]\nreport_size = 1023",
                            "[auth]\nunknown = 1"};
    for (const char* toml : kWrong) {
        SCOPED_TRACE(toml);
        try {
            (void)parse(toml, "a.toml");
            ADD_FAILURE() << "was taken";
        } catch (const ConfigError& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with("a.toml:2:")) << error.what();
        }
    }
}

}  // namespace
}  // namespace postern::settings
