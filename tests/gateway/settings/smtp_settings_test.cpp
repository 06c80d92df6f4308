#include "gateway/settings/smtp.hpp"

#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

TEST(SmtpSettings, AreReadInFull) {
    const Smtp smtp = parse(
                          "[smtp]\n"
                          "listen_tls = [\"127.0.0.1:4465\"]\n"
                          "max_connections_per_prefix = 7\n"
                          "session_timeout = \"10m\"\n"
                          "min_data_rate = 0\n"
                          "[smtp.proxy]\nfrom = [\"192.0.2.0/24\", \"2001:db8::1\"]\n"
                          "timeout = \"2s\"\n"
                          "[smtp.xclient]\nfrom = [\"192.0.2.1\"]\n"
                          "[smtp.overload]\nshare = 0.5\nrefuse_share = 0.6\n"
                          "[smtp.tls]\nminimum = \"1.3\"\nask_client_certificate = true\n"
                          "client_ca = \"/ca.pem\"\n"
                          "[[smtp.tls.certificates]]\ncertificate = \"/a.pem\"\nkey = \"/a.key\"\n"
                          "[[smtp.tls.certificates]]\nname = \"b\"\ncertificate = \"/b.pem\"\n"
                          "key = \"/b.key\"\n",
                          "a.toml")
                          .settings.smtp;
    EXPECT_EQ(smtp.listen_tls, std::vector<std::string>{"127.0.0.1:4465"});
    EXPECT_EQ(smtp.max_connections_per_prefix, 7U);
    EXPECT_EQ(smtp.pace.session_timeout, std::chrono::minutes(10));
    EXPECT_EQ(smtp.pace.min_data_rate, 0U);
    EXPECT_EQ(smtp.proxy_from.size(), 2U);
    EXPECT_EQ(smtp.proxy_timeout, std::chrono::seconds(2));
    EXPECT_EQ(smtp.xclient_from.size(), 1U);
    EXPECT_EQ(smtp.overload.share, 0.5);
    EXPECT_EQ(smtp.tls_more.minimum, TlsVersion::Tls13);
    EXPECT_TRUE(smtp.tls_more.ask_client_certificate);
    EXPECT_EQ(smtp.tls_more.client_ca, "/ca.pem");
    ASSERT_EQ(smtp.tls_more.certificates.size(), 2U);
    EXPECT_EQ(smtp.tls_more.certificates[0].name, "certificate 1");
    EXPECT_EQ(smtp.tls_more.certificates[1].key, "/b.key");
}

struct BadCase {
    const char* toml;
    const char* message;
};

TEST(SmtpSettings, SayWhatIsWrongAndWhere) {
    const BadCase cases[] = {
        {"[smtp.proxy]\nfrom = [\"192.0.2.1/24\"]\n",
         "a.toml:2: smtp.proxy.from holds \"192.0.2.1/24\"; an address or a network like "
         "\"192.0.2.0/24\" is expected"},
        {"[smtp.proxy]\nfrom = [\"balancer\"]\n", "a.toml:2: "},
        {"[smtp.xclient]\nfrom = [\"2001:db8::/129\"]\n", "a.toml:2: "},
        {"[smtp.proxy]\ntimeout = \"2m\"\n", "a.toml:2: "},
        {"[smtp]\nunlimited_clients = [\"10.0.0.1/8\"]\n", "a.toml:2: "},
        {"[smtp]\nlisten_tls = [\"465\"]\n", "a.toml:2: "},
        {"[smtp]\nlisten_tls = [\"127.0.0.1:465\"]\n[smtp.tls]\nmode = \"off\"\n",
         "a.toml:2: smtp.listen_tls needs TLS, which smtp.tls.mode turns off"},
        {"[smtp]\nmax_connections_per_prefix = 0\n", "a.toml:2: "},
        {"[smtp]\nsession_timeout = \"25h\"\n", "a.toml:2: "},
        {"[smtp]\nrate_window = \"99ms\"\n", "a.toml:2: "},
        {"[smtp.overload]\nshare = 0.9\nrefuse_share = 0.8\n",
         "a.toml:2: smtp.overload.share is more than smtp.overload.refuse_share"},
        {"[smtp.overload]\nshare = 1.01\n", "a.toml:2: "},
        {"[smtp.tls]\nminimum = \"1.1\"\n", "a.toml:2: "},
        {"[[smtp.tls.certificates]]\ncertificate = \"/a.pem\"\n", "a.toml:"},
        {"[smtp.tls]\ncertificate = \"/a.pem\"\n", "a.toml:2: smtp.tls.certificate stands alone"},
        {"[smtp.proxy]\nlist = []\n", "a.toml:2: "},
    };
    for (const BadCase& c : cases) {
        SCOPED_TRACE(c.toml);
        try {
            (void)parse(c.toml, "a.toml");
            ADD_FAILURE() << "was taken";
        } catch (const ConfigError& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with(c.message)) << error.what();
        }
    }
}

}  // namespace
}  // namespace postern::settings
