#include "gateway/settings/dns.hpp"

#include <gtest/gtest.h>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

using namespace std::chrono_literals;

TEST(DnsSettings, ReadAllKeys) {
    const Dns dns = parse(R"([dns]
servers = ["192.0.2.1:53", "[2001:db8::1]:5353"]
timeout = "2s"
retry_after = "300ms"
message_timeout = "9s"
lookups_per_connection = 7
lookups_per_message = 8
in_flight = 9
tcp_in_flight = 10
max_records = 11
cache_size = "1MiB"
ttl_min = "0s"
ttl_max = "1h"
negative_ttl_max = "30s"
trust_anchor = "/etc/root.key"
)",
                          "a.toml")
                        .settings.dns;
    EXPECT_EQ(dns.servers, (std::vector<std::string>{"192.0.2.1:53", "[2001:db8::1]:5353"}));
    EXPECT_EQ(dns.timeout, 2s);
    EXPECT_EQ(dns.retry_after, 300ms);
    EXPECT_EQ(dns.message_timeout, 9s);
    EXPECT_EQ(dns.lookups_per_connection, 7U);
    EXPECT_EQ(dns.lookups_per_message, 8U);
    EXPECT_EQ(dns.in_flight, 9U);
    EXPECT_EQ(dns.tcp_in_flight, 10U);
    EXPECT_EQ(dns.max_records, 11U);
    EXPECT_EQ(dns.cache_size, std::uint64_t{1} << 20);
    EXPECT_EQ(dns.ttl_min, 0s);
    EXPECT_EQ(dns.ttl_max, 1h);
    EXPECT_EQ(dns.negative_ttl_max, 30s);
    EXPECT_EQ(dns.trust_anchor, "/etc/root.key");
}

TEST(DnsSettings, WithoutServersThoseOfTheHostAreMeant) {
    EXPECT_TRUE(parse("", "a").settings.dns.servers.empty());
    EXPECT_TRUE(parse("[dns]\nservers = []\n", "a").settings.dns.servers.empty());
}

TEST(DnsSettings, RefuseWhatIsNoServerOrOutOfRange) {
    for (const char* line :
         {"servers = [\"resolver.example:53\"]", "servers = [\"192.0.2.1\"]",
          "servers = [\"192.0.2.1:0\"]", "servers = [\"2001:db8::1:53\"]",
          "servers = [\"[192.0.2.1]:53\"]", "servers = \"192.0.2.1:53\"",
          "servers = [\"1.1.1.1:1\",\"1.1.1.1:2\",\"1.1.1.1:3\",\"1.1.1.1:4\",\"1.1.1.1:5\","
          "\"1.1.1.1:6\",\"1.1.1.1:7\",\"1.1.1.1:8\",\"1.1.1.1:9\"]",
          "timeout = \"49ms\"", "timeout = \"61s\"", "in_flight = 0", "max_records = 4097",
          "ttl_min = \"10s\"\nttl_max = \"9s\"", "resolvers = []"}) {
        SCOPED_TRACE(line);
        EXPECT_THROW((void)parse("[dns]\n" + std::string(line) + "\n", "a.toml"), ConfigError);
    }
}

}  // namespace
}  // namespace postern::settings
