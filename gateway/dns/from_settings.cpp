#include "gateway/dns/from_settings.hpp"

#include "gateway/dns/servers.hpp"

namespace postern::dns {

ClientSettings client_settings(const settings::Dns& dns) {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    ClientSettings made;
    made.servers = read_servers(dns.servers);
    made.timeout = dns.timeout;
    made.retry_after = dns.retry_after;
    made.in_flight = dns.in_flight;
    made.tcp_in_flight = dns.tcp_in_flight;
    made.max_records = dns.max_records;
    made.cache_bytes = dns.cache_size;
    made.ttl_min = duration_cast<seconds>(dns.ttl_min);
    made.ttl_max = duration_cast<seconds>(dns.ttl_max);
    made.negative_ttl_max = duration_cast<seconds>(dns.negative_ttl_max);
    made.trust_anchor = dns.trust_anchor;
    return made;
}

Budget message_budget(const settings::Dns& dns) {
    return {.lookups = dns.lookups_per_message,
            .per_lookup = dns.timeout,
            .deadline = std::chrono::steady_clock::now() + dns.message_timeout};
}

}  // namespace postern::dns
