#include "gateway/cli/resolver_of.hpp"

#include "gateway/dns/client.hpp"

namespace postern::cli {

std::unique_ptr<dns::Resolver> resolver_of(const settings::Dns& settings) {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    dns::ClientSettings client;
    client.servers = dns::read_servers(settings.servers);
    client.timeout = settings.timeout;
    client.retry_after = settings.retry_after;
    client.in_flight = settings.in_flight;
    client.tcp_in_flight = settings.tcp_in_flight;
    client.max_records = settings.max_records;
    client.cache_bytes = settings.cache_size;
    client.ttl_min = duration_cast<seconds>(settings.ttl_min);
    client.ttl_max = duration_cast<seconds>(settings.ttl_max);
    client.negative_ttl_max = duration_cast<seconds>(settings.negative_ttl_max);
    client.trust_anchor = settings.trust_anchor;
    return std::make_unique<dns::Client>(std::move(client));
}

dns::Budget message_budget(const settings::Dns& settings) {
    return {.lookups = settings.lookups_per_message,
            .per_lookup = settings.timeout,
            .deadline = std::chrono::steady_clock::now() + settings.message_timeout};
}

}  // namespace postern::cli
