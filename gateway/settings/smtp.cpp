#include "gateway/settings/smtp.hpp"

#include <unistd.h>

#include <array>

#include "gateway/settings/endpoint.hpp"
#include "gateway/settings/key_reader.hpp"
#include "gateway/settings/network.hpp"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr std::uint64_t kGiB = kMiB * 1024;
constexpr std::size_t kMaxCertificates = 64;

constexpr Choice<TlsOffer> kTlsOffers[] = {
    {"off", TlsOffer::Off}, {"offered", TlsOffer::Offered}, {"required", TlsOffer::Required}};
constexpr Choice<TlsVersion> kTlsVersions[] = {{"1.2", TlsVersion::Tls12},
                                               {"1.3", TlsVersion::Tls13}};

std::string own_hostname() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

void read_limits(KeyReader& keys, Smtp& smtp) {
    keys.size("smtp.max_message_size", smtp.max_message_size, kKiB, 2 * kGiB);
    keys.size("smtp.max_header_size", smtp.max_header_size, kKiB, 16 * kMiB);
    keys.integer("smtp.max_connections", smtp.max_connections, 1, 1'000'000);
    keys.integer("smtp.max_connections_per_client", smtp.max_connections_per_client, 1, 1'000'000);
    keys.integer("smtp.max_connections_per_prefix", smtp.max_connections_per_prefix, 1, 1'000'000);
    read_networks(keys, "smtp.unlimited_clients", smtp.unlimited_clients);
    keys.integer("smtp.max_recipients", smtp.max_recipients, 1, 10'000);
    keys.integer("smtp.max_messages", smtp.max_messages, 1, 1'000'000);
    keys.integer("smtp.max_errors", smtp.max_errors, 1, 1000);
    keys.integer("smtp.max_command_line", smtp.max_command_line, 512, 65'536);
    keys.integer("smtp.max_hops", smtp.max_hops, 1, 1000);
    keys.integer("smtp.decision_threads", smtp.decision_threads, 1, 1024);
    keys.integer("smtp.decision_queue", smtp.decision_queue, 1, 100'000);
    keys.size("smtp.spool_memory", smtp.spool_memory, 0, kGiB);
    keys.size("smtp.spool_memory_total", smtp.spool_memory_total, 0, 1024 * kGiB);
    keys.text("smtp.spool", smtp.spool);
}

void read_times(KeyReader& keys, Smtp& smtp) {
    SmtpPace& pace = smtp.pace;
    keys.duration("smtp.command_timeout", smtp.command_timeout, milliseconds(100), hours(1));
    keys.duration("smtp.data_timeout", smtp.data_timeout, milliseconds(100), hours(1));
    keys.duration("smtp.stop_grace", smtp.stop_grace, milliseconds(0), hours(1));
    keys.duration("smtp.session_timeout", pace.session_timeout, milliseconds(0), hours(24));
    keys.duration("smtp.write_timeout", pace.write_timeout, milliseconds(100), hours(1));
    keys.duration("smtp.handshake_timeout", pace.handshake_timeout, milliseconds(100), minutes(10));
    keys.duration("smtp.rate_window", pace.window, milliseconds(100), minutes(10));
    keys.integer("smtp.min_data_rate", pace.min_data_rate, 0, 1'000'000'000);
    keys.integer("smtp.min_command_rate", pace.min_command_rate, 0, 1'000'000);
}

void read_overload(KeyReader& keys, SmtpOverload& overload) {
    keys.number("smtp.overload.share", overload.share, 0.01, 1);
    keys.number("smtp.overload.refuse_share", overload.refuse_share, 0.01, 1);
    keys.duration("smtp.overload.command_timeout", overload.command_timeout, milliseconds(100),
                  hours(1));
    if (overload.share > overload.refuse_share) {
        keys.fail("smtp.overload.share", "is more than smtp.overload.refuse_share");
    }
}

void demand_pair(KeyReader& keys, const std::string& table, const std::string& certificate,
                 const std::string& key) {
    if (certificate.empty() == key.empty()) return;
    keys.fail(key.empty() ? table + ".certificate" : table + ".key",
              "stands alone; certificate and key are expected together");
}

void read_tls(KeyReader& keys, Smtp& smtp) {
    SmtpTls& tls = smtp.tls_more;
    keys.text("smtp.tls.certificate", smtp.certificate);
    keys.text("smtp.tls.key", smtp.key);
    demand_pair(keys, "smtp.tls", smtp.certificate, smtp.key);
    keys.choice("smtp.tls.mode", smtp.tls, kTlsOffers);
    keys.choice("smtp.tls.minimum", tls.minimum, kTlsVersions);
    keys.flag("smtp.tls.ask_client_certificate", tls.ask_client_certificate);
    keys.text("smtp.tls.client_ca", tls.client_ca);
    keys.flag("smtp.tls.watch", tls.watch);
    const std::size_t count = keys.count("smtp.tls.certificates");
    if (count > kMaxCertificates) keys.fail("smtp.tls.certificates", "has more than 64 tables");
    for (std::size_t i = 0; i < count; ++i) {
        const std::string table = "smtp.tls.certificates[" + std::to_string(i) + "]";
        Certificate each{"certificate " + std::to_string(i + 1), {}, {}};
        keys.text(table + ".name", each.name);
        keys.text(table + ".certificate", each.certificate);
        keys.text(table + ".key", each.key);
        if (each.certificate.empty() || each.key.empty()) {
            keys.fail(table, "lacks certificate or key; both are expected");
        }
        tls.certificates.push_back(std::move(each));
    }
    if (smtp.tls == TlsOffer::Off && !smtp.listen_tls.empty()) {
        keys.fail("smtp.listen_tls", "needs TLS, which smtp.tls.mode turns off");
    }
}

}  // namespace

void read_smtp(KeyReader& keys, Smtp& smtp) {
    smtp.hostname = own_hostname();
    keys.text("smtp.hostname", smtp.hostname);
    if (smtp.hostname.empty() || smtp.hostname.find_first_of(" \t\r\n<>") != std::string::npos) {
        keys.fail("smtp.hostname", "is no host name");
    }
    read_endpoints(keys, "smtp.listen", smtp.listen);
    read_endpoints(keys, "smtp.listen_tls", smtp.listen_tls, true);
    read_limits(keys, smtp);
    read_times(keys, smtp);
    read_overload(keys, smtp.overload);
    read_tls(keys, smtp);
    read_networks(keys, "smtp.proxy.from", smtp.proxy_from);
    keys.duration("smtp.proxy.timeout", smtp.proxy_timeout, milliseconds(100), minutes(1));
    read_networks(keys, "smtp.xclient.from", smtp.xclient_from);
}

}  // namespace postern::settings
