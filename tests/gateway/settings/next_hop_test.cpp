#include "gateway/settings/next_hop.hpp"

#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/effective.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

/// "a.test .b.test: host:port/priority/weight ..." for each route, one a line.
std::string told(const NextHops& all) {
    std::string text;
    for (const Route& route : all.routes) {
        for (const std::string& domain : route.domains) text += domain + " ";
        text += ":";
        for (const NextHop& hop : route.hops) {
            text += " " + hop.host + ":" + std::to_string(hop.port) + "/" +
                    std::to_string(hop.priority) + "/" + std::to_string(hop.weight) +
                    (hop.mx ? "/mx" : "") + (hop.protocol == HopProtocol::Lmtp ? "/lmtp" : "");
        }
        text += "\n";
    }
    return text;
}

TEST(NextHops, AreReadFromEveryFormOfTheKeys) {
    const struct {
        const char* title;
        const char* toml;
        const char* want;
    } cases[] = {
        {"nothing", "", ": 127.0.0.1:25/10/1\n"},
        {"one host", "[next_hop]\nhost = \"mail.test\"\nport = 2525\nprotocol = \"lmtp\"\n",
         ": mail.test:2525/10/1/lmtp\n"},
        {"a socket", "[next_hop]\nhost = \"/run/lmtp\"\n", ": /run/lmtp:25/10/1\n"},
        {"by MX", "[next_hop]\nhost = \"dest.test\"\nmx = true\n", ": dest.test:25/10/1/mx\n"},
        {"hosts in order",
         "[next_hop]\nport = 26\nhosts = [\"a.test\", \"b.test:587\", \"192.0.2.1:1\", "
         "\"[2001:db8::1]:2\", \"[2001:db8::1]\", \"2001:db8::2\", \"/run/s\"]\n",
         ": a.test:26/10/1 b.test:587/20/1 192.0.2.1:1/30/1 2001:db8::1:2/40/1 2001:db8::1:26/50/1 "
         "2001:db8::2:26/60/1 /run/s:26/70/1\n"},
        {"tables",
         "[next_hop]\nport = 26\n[[next_hops]]\nhost = \"a.test\"\nweight = 3\n[[next_hops]]\nhost "
         "= \"b.test\"\nport = 27\npriority = 20\n",
         ": a.test:26/10/3 b.test:27/20/1\n"},
        {"routes",
         "[next_hop]\nprotocol = \"lmtp\"\n[[route]]\ndomains = \"A.test\"\nhost = "
         "\"a.test\"\n[[route]]\ndomains = [\".b.test\", \"b.test\"]\nprotocol = \"smtp\"\nhosts = "
         "[\"x.test\", \"y.test:26\"]\n",
         ": 127.0.0.1:25/10/1/lmtp\na.test : a.test:25/10/1/lmtp\n.b.test b.test : x.test:25/10/1 "
         "y.test:26/20/1\n"},
        {"a route with tables",
         "[[route]]\ndomains = \"a.test\"\nport = 30\n[[route.next_hops]]\nhost = "
         "\"x.test\"\nweight = 2\n[[route.next_hops]]\nhost = \"y.test\"\nport = 31\n",
         ": 127.0.0.1:25/10/1\na.test : x.test:30/10/2 y.test:31/10/1\n"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Loaded loaded = parse(c.toml, "a.toml");
        EXPECT_EQ(told(loaded.settings.next_hops), c.want);
        const std::string shown = effective_toml(loaded);
        EXPECT_EQ(told(parse(shown, "shown").settings.next_hops), c.want) << shown;
    }
}

TEST(NextHops, EachServerBeginsWithTheGeneralKeys) {
    const Loaded loaded = parse(
        "[next_hop]\ntls = \"required\"\ntls_trust = \"/etc/ours.pem\"\nconnect_timeout = "
        "\"3s\"\nmax_idle = 2\ntries_while_down = 3\n"
        "[[next_hops]]\nhost = \"a.test\"\ntls_name = \"x.test\"\n"
        "[[route]]\ndomains = \"b.test\"\nhost = \"b.test\"\ntls = \"dane-only\"\nreply_timeout = "
        "\"5s\"\n",
        "a.toml");
    EXPECT_EQ(loaded.settings.next_hops.tries_while_down, 3U);
    const NextHop& first = loaded.settings.next_hops.routes[0].hops[0];
    EXPECT_EQ(first.tls, TlsUse::Required);
    EXPECT_TRUE(first.tls_verify);
    EXPECT_EQ(first.tls_trust, "/etc/ours.pem");
    EXPECT_EQ(first.tls_name, "x.test");
    EXPECT_EQ(first.connect_timeout, std::chrono::seconds(3));
    const NextHop& second = loaded.settings.next_hops.routes[1].hops[0];
    EXPECT_EQ(second.tls, TlsUse::DaneOnly);
    EXPECT_EQ(second.tls_name, "");
    EXPECT_EQ(second.reply_timeout, std::chrono::seconds(5));
    EXPECT_EQ(second.max_idle, 2U);
}

TEST(NextHops, RefuseWhatNobodyCanMean) {
    const std::string pin(64, 'a');
    const struct {
        const char* title;
        std::string toml, message;
    } cases[] = {
        {"empty host", "[next_hop]\nhost = \"\"\n", "a.toml:2: next_hop.host is \"\""},
        {"host with a space", "[next_hop]\nhost = \"a b\"\n", "a host name, an address or /path"},
        {"port 0", "[next_hop]\nport = 0\n", "next_hop.port is 0; 1 to 65535"},
        {"port too large", "[next_hop]\nhosts = [\"a:65536\"]\n",
         "a.toml:2: next_hop.hosts holds \"a:65536\""},
        {"port missing", "[next_hop]\nhosts = [\"a:\"]\n", "\"host:port\" is expected"},
        {"bracket not closed", "[next_hop]\nhosts = [\"[::1:25\"]\n", "\"host:port\" is expected"},
        {"host and hosts", "[next_hop]\nhost = \"a\"\nhosts = [\"b\"]\n",
         "a.toml:3: next_hop.hosts stands beside host"},
        {"host and tables", "[next_hop]\nhost = \"a\"\n[[next_hops]]\nhost = \"b\"\n",
         "stands beside [next_hop] host"},
        {"table without host", "[[next_hops]]\nport = 25\n", "a.toml:1: next_hops[0] has no host"},
        {"weight 0", "[[next_hops]]\nhost = \"a\"\nweight = 0\n", "weight is 0; 1 to 1000"},
        {"priority too large", "[[next_hops]]\nhost = \"a\"\npriority = 65536\n", "0 to 65535"},
        {"pinned without pins", "[next_hop]\ntls = \"pinned\"\n",
         "a.toml:2: next_hop.tls is \"pinned\""},
        {"pin too short", "[next_hop]\ntls_pins = [\"abcd\"]\n", "64 hexadecimal digits"},
        {"pin of other letters", "[next_hop]\ntls_pins = [\"" + std::string(64, 'g') + "\"]\n",
         "64 hexadecimal"},
        {"MX of a socket", "[next_hop]\nhost = \"/run/s\"\nmx = true\n", "which has no MX"},
        {"unknown TLS", "[next_hop]\ntls = \"maybe\"\n",
         "one of \"none\", \"opportunistic\", \"required\", \"dane\", \"dane-only\", \"pinned\""},
        {"too many tries", "[next_hop]\ntries_while_down = 1001\n",
         "next_hop.tries_while_down is 1001; 0 to 1000"},
        {"pause out of order", "[next_hop]\nfirst_pause = \"10m\"\n",
         "longer than next_hop.longest_pause"},
        {"route without domains", "[[route]]\nhost = \"a\"\n",
         "a.toml:1: route[0] names no domain"},
        {"route without host", "[[route]]\ndomains = \"a.test\"\n", "route[0] names no next hop"},
        {"route with both",
         "[[route]]\ndomains = \"a.test\"\nhost = \"a\"\n[[route.next_hops]]\nhost = \"b\"\n",
         "two ways"},
        {"a domain twice", "[[route]]\ndomains = [\"a.test\", \"A.TEST\"]\nhost = \"a\"\n",
         "has a route already"},
        {"no domain", "[[route]]\ndomains = [\"a@b\"]\nhost = \"a\"\n", "a domain is expected"},
        {"a dot alone", "[[route]]\ndomains = [\".\"]\nhost = \"a\"\n", "a domain is expected"},
        {"unknown key", "[[route]]\ndomains = \"a.test\"\nhost = \"a\"\nprt = 1\n",
         "route[0].prt is no key"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        try {
            (void)parse(c.toml, "a.toml");
            ADD_FAILURE() << "was taken";
        } catch (const ConfigError& error) {
            EXPECT_NE(std::string(error.what()).find(c.message), std::string::npos) << error.what();
        }
    }
    EXPECT_NO_THROW((void)parse("[next_hop]\ntls = \"pinned\"\ntls_pins = \"" + pin + "\"\n", "a"));
    EXPECT_NO_THROW((void)parse("[next_hop]\ntls_pins = [\"AA:" + pin.substr(2) + "\"]\n", "a"));
}

}  // namespace
}  // namespace postern::settings
