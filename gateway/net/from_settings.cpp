#include "gateway/net/from_settings.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace postern::net {
namespace {

std::vector<mail::Cidr> networks(const std::vector<std::string>& texts) {
    std::vector<mail::Cidr> made;
    for (const std::string& text : texts) {
        const auto network = mail::Cidr::parse(text);
        if (!network) std::abort();
        made.push_back(*network);
    }
    return made;
}

/// Descriptors that are no client's: listeners, engines, databases, log; and for each decision
/// thread a next hop, a spool file and both ends of a jail.
std::uint32_t other_descriptors(const settings::Smtp& smtp) {
    constexpr std::uint32_t kAlways = 64;
    constexpr std::uint32_t kOfThread = 3;
    return kAlways + kOfThread * smtp.decision_threads;
}

smtp::TlsPolicy tls_policy(settings::TlsOffer offer) {
    switch (offer) {
        case settings::TlsOffer::Off:
            return smtp::TlsPolicy::Off;
        case settings::TlsOffer::Offered:
            return smtp::TlsPolicy::Offered;
        case settings::TlsOffer::Required:
            return smtp::TlsPolicy::Required;
    }
    std::abort();
}

}  // namespace

std::uint32_t connection_room(const settings::Smtp& smtp) {
    rlimit limit{};
    constexpr rlim_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > kMost) return 0;
    const auto descriptors = static_cast<std::uint32_t>(limit.rlim_cur);
    const std::uint32_t others = other_descriptors(smtp);
    return descriptors > others ? descriptors - others : 1;
}

ServerSettings server_settings(const settings::Smtp& smtp, std::function<double()> pool) {
    ServerSettings made;
    made.max_connections = smtp.max_connections;
    made.room = connection_room(smtp);
    made.max_connections_per_client = smtp.max_connections_per_client;
    made.max_connections_per_prefix = smtp.max_connections_per_prefix;
    made.unlimited_clients = networks(smtp.unlimited_clients);
    made.proxies = networks(smtp.proxy_from);
    made.xclients = networks(smtp.xclient_from);
    made.overload_share = smtp.overload.share;
    made.refuse_share = smtp.overload.refuse_share;
    made.pool = std::move(pool);
    made.timeouts.command = smtp.command_timeout;
    made.timeouts.overload_command = smtp.overload.command_timeout;
    made.timeouts.data = smtp.data_timeout;
    made.timeouts.handshake = smtp.pace.handshake_timeout;
    made.timeouts.write = smtp.pace.write_timeout;
    made.timeouts.session = smtp.pace.session_timeout;
    made.timeouts.proxy = smtp.proxy_timeout;
    made.rates.window = smtp.pace.window;
    made.rates.message = smtp.pace.min_data_rate;
    made.rates.command = smtp.pace.min_command_rate;
    return made;
}

std::shared_ptr<const smtp::SessionSettings> session_settings(const settings::Smtp& smtp) {
    auto made = std::make_shared<smtp::SessionSettings>();
    made->hostname = smtp.hostname;
    made->tls = tls_policy(smtp.tls);
    made->max_message_size = smtp.max_message_size;
    made->max_header_size = smtp.max_header_size;
    made->max_command_line = smtp.max_command_line;
    made->max_recipients = smtp.max_recipients;
    made->max_messages = smtp.max_messages;
    made->max_errors = smtp.max_errors;
    return made;
}

TlsRules tls_rules(const settings::Smtp& smtp, std::string client_ca) {
    TlsRules rules;
    rules.tls13_only = smtp.tls_more.minimum == settings::TlsVersion::Tls13;
    rules.ask_client_certificate = smtp.tls_more.ask_client_certificate;
    rules.client_ca = std::move(client_ca);
    return rules;
}

}  // namespace postern::net
