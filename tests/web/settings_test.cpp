#include "web/settings.hpp"

#include <gtest/gtest.h>

namespace postern::web {
namespace {

const std::string kLeast =
    R"("certificate_pem":"c","key_pem":"k","quarantine":{"url":"sqlite:///q/q.db"})";

TEST(WebSettings, DefaultsNeedOnlyCertificateAndQuarantine) {
    const auto settings = parse_settings("{" + kLeast + "}");
    ASSERT_TRUE(settings) << settings.error();
    EXPECT_EQ(settings->listen, "127.0.0.1:8443");
    EXPECT_EQ(settings->listen_fd, -1);
    EXPECT_EQ(settings->quarantine.database, "/q/q.db");
    EXPECT_EQ(settings->api.session_time, std::chrono::hours(8));
}

TEST(WebSettings, AllMembersAreRead) {
    const auto settings = parse_settings(
        "{" + kLeast +
        R"(,"listen_fd":5,"control_fd":4,"app":"/app","hosts":["Mail.Example"],"session_seconds":60,
            "max_download":1000,"limits":{"threads":3,"body_bytes":10,"silence_ms":1}})");
    ASSERT_TRUE(settings) << settings.error();
    EXPECT_EQ(settings->listen_fd, 5);
    EXPECT_EQ(settings->control_fd, 4);
    EXPECT_EQ(settings->app, "/app");
    EXPECT_EQ(settings->server.guard.hosts.back(), "mail.example");
    EXPECT_EQ(settings->api.session_time, std::chrono::seconds(60));
    EXPECT_EQ(settings->api.max_download, 1000U);
    EXPECT_EQ(settings->server.threads, 3);
    EXPECT_EQ(settings->server.guard.max_body, 10U);
    EXPECT_EQ(settings->server.silence, std::chrono::milliseconds(1));
}

TEST(WebSettings, MistakesAreNamed) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"[]", "not a JSON object"},
        {"{", "not a JSON object"},
        {"{}", "quarantine: is missing"},
        {R"({"quarantine":{"url":"sqlite:///q.db"}})", "certificate and key are missing"},
        {"{" + kLeast + R"(,"lisen":"x"})", "lisen: is not known"},
        {"{" + kLeast + R"(,"listen_fd":"5"})", "listen_fd: an integer is expected"},
        {"{" + kLeast + R"(,"limits":{"threads":0}})",
         "limits: limits.threads: not between 1 and 1000"},
        {"{" + kLeast + R"(,"certificate":"/nowhere"})", "certificate: /nowhere: cannot be read"},
    };
    for (const auto& [text, expected] : cases) {
        SCOPED_TRACE(text);
        const auto settings = parse_settings(text);
        ASSERT_FALSE(settings);
        EXPECT_EQ(settings.error(), expected);
    }
}

}  // namespace
}  // namespace postern::web
