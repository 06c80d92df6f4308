#include "gateway/settings/dns.hpp"

#include <arpa/inet.h>

#include <array>

#include "gateway/settings/endpoint.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A server is asked by address: its name could only be found by asking.
bool has_address_and_port(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    std::string host = endpoint.substr(0, colon);
    std::array<unsigned char, 16> bytes{};
    if (std::stoul(endpoint.substr(colon + 1)) == 0) return false;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        return inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
    }
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1;
}

}  // namespace

void read_dns(KeyReader& keys, Dns& dns) {
    read_endpoints(keys, "dns.servers", dns.servers, true);
    for (const std::string& server : dns.servers) {
        if (!has_address_and_port(server)) {
            keys.fail("dns.servers", "holds \"" + server +
                                         "\"; an address like \"192.0.2.1:53\" or "
                                         "\"[2001:db8::1]:53\" is expected");
        }
    }
    if (dns.servers.size() > 8) keys.fail("dns.servers", "holds more than 8 servers");
    keys.duration("dns.timeout", dns.timeout, milliseconds(50), minutes(1));
    keys.duration("dns.retry_after", dns.retry_after, milliseconds(20), seconds(10));
    keys.duration("dns.message_timeout", dns.message_timeout, milliseconds(50), minutes(5));
    keys.integer("dns.lookups_per_connection", dns.lookups_per_connection, 1, 10000);
    keys.integer("dns.lookups_per_message", dns.lookups_per_message, 1, 10000);
    keys.integer("dns.in_flight", dns.in_flight, 1, 100000);
    keys.integer("dns.tcp_in_flight", dns.tcp_in_flight, 1, 10000);
    keys.integer("dns.max_records", dns.max_records, 1, 4096);
    keys.size("dns.cache_size", dns.cache_size, 0, std::uint64_t{16} << 30);
    keys.duration("dns.ttl_min", dns.ttl_min, seconds(0), hours(1));
    keys.duration("dns.ttl_max", dns.ttl_max, seconds(0), hours(24 * 7));
    keys.duration("dns.negative_ttl_max", dns.negative_ttl_max, seconds(0), hours(24));
    if (dns.ttl_max < dns.ttl_min) keys.fail("dns.ttl_max", "is less than dns.ttl_min");
    keys.text("dns.trust_anchor", dns.trust_anchor);
}

}  // namespace postern::settings
