#include "gateway/settings/next_hop.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr Choice<TlsUse> kTlsUses[] = {
    {"none", TlsUse::None},          {"opportunistic", TlsUse::Opportunistic},
    {"required", TlsUse::Required},  {"dane", TlsUse::Dane},
    {"dane-only", TlsUse::DaneOnly}, {"pinned", TlsUse::Pinned}};
constexpr Choice<HopProtocol> kProtocols[] = {{"smtp", HopProtocol::Smtp},
                                              {"lmtp", HopProtocol::Lmtp}};
constexpr std::size_t kMaxHops = 100;  ///< of one route
constexpr std::size_t kMaxRoutes = 1000;

bool is_sha256(std::string_view text) {
    std::size_t digits = 0;
    for (const char c : text) {
        const bool digit =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!digit && c != ':') return false;
        digits += digit ? 1 : 0;
    }
    return digits == 64;
}

bool is_host(std::string_view text) {
    if (text.starts_with('/')) return text.size() < 108 && text.find('\n') == text.npos;
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '/' && c != '@';
    });
}

void read_tls(KeyReader& keys, const std::string& table, NextHop& hop) {
    keys.choice(table + ".tls", hop.tls, kTlsUses);
    keys.flag(table + ".tls_verify", hop.tls_verify);
    keys.text(table + ".tls_trust", hop.tls_trust);
    keys.text(table + ".tls_name", hop.tls_name);
    keys.list(table + ".tls_pins", hop.tls_pins, true);
    for (const std::string& pin : hop.tls_pins) {
        if (is_sha256(pin)) continue;
        keys.fail(table + ".tls_pins",
                  "holds \"" + pin + "\"; a SHA-256 of 64 hexadecimal digits is expected");
    }
    if (hop.tls == TlsUse::Pinned && hop.tls_pins.empty()) {
        keys.fail(table + ".tls", "is \"pinned\"; tls_pins with at least one SHA-256 is expected");
    }
}

/// All keys of a server but `host`.
void read_server(KeyReader& keys, const std::string& table, NextHop& hop) {
    keys.integer(table + ".port", hop.port, 1, 65'535);
    keys.flag(table + ".mx", hop.mx);
    keys.choice(table + ".protocol", hop.protocol, kProtocols);
    read_tls(keys, table, hop);
    keys.duration(table + ".connect_timeout", hop.connect_timeout, milliseconds(100), minutes(5));
    keys.duration(table + ".reply_timeout", hop.reply_timeout, milliseconds(100), minutes(10));
    keys.integer(table + ".max_idle", hop.max_idle, 0, 1000);
    keys.duration(table + ".idle_time", hop.idle_time, milliseconds(100), minutes(10));
}

void check_host(const KeyReader& keys, const std::string& key, const NextHop& hop) {
    if (!is_host(hop.host)) {
        keys.fail(key, "is \"" + hop.host + "\"; a host name, an address or /path is expected");
    }
    if (hop.mx && hop.host.starts_with('/')) {
        keys.fail(key, "is a socket, which has no MX; a domain is expected where mx = true");
    }
}

/// "host", "host:port", "[v6]:port", a bare IPv6 address, or a path.
std::optional<NextHop> parse_host(const std::string& text, const NextHop& general) {
    NextHop hop = general;
    hop.host = text;
    if (text.starts_with('/')) return hop;
    std::string port;
    const std::size_t colon = text.rfind(':');
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos) return std::nullopt;
        hop.host = text.substr(1, close - 1);
        if (close + 1 != text.size()) {
            if (colon != close + 1) return std::nullopt;
            port = text.substr(colon + 1);
            if (port.empty()) return std::nullopt;
        }
    } else if (colon != text.npos && text.find(':') == colon) {
        hop.host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty()) return std::nullopt;
    }
    if (!port.empty()) {
        if (port.size() > 5 || port.find_first_not_of("0123456789") != port.npos)
            return std::nullopt;
        const unsigned long number = std::stoul(port);
        if (number == 0 || number > 65'535) return std::nullopt;
        hop.port = static_cast<std::uint16_t>(number);
    }
    return hop;
}

/// `hosts = [...]`: each is the reserve of the one before it.
std::vector<NextHop> read_hosts(KeyReader& keys, const std::string& key, const NextHop& general) {
    std::vector<std::string> texts;
    keys.list(key, texts);
    std::vector<NextHop> hops;
    for (const std::string& text : texts) {
        auto hop = parse_host(text, general);
        if (!hop) keys.fail(key, "holds \"" + text + "\"; \"host\" or \"host:port\" is expected");
        hop->priority = static_cast<std::uint16_t>(10 * (hops.size() + 1));
        check_host(keys, key, *hop);
        hops.push_back(std::move(*hop));
        if (hops.size() > kMaxHops) {
            keys.fail(key, "holds more than " + std::to_string(kMaxHops) + " hosts");
        }
    }
    return hops;
}

/// `host` or `hosts` of a table that has read its other keys into `general`.
std::vector<NextHop> read_where(KeyReader& keys, const std::string& table, NextHop& general) {
    const bool one = keys.has(table + ".host");
    std::vector<NextHop> hops = read_hosts(keys, table + ".hosts", general);
    if (one && !hops.empty()) keys.fail(table + ".hosts", "stands beside host; one is expected");
    if (!hops.empty()) return hops;
    keys.text(table + ".host", general.host);
    check_host(keys, table + ".host", general);
    return {general};
}

/// [[next_hops]] or [[route.next_hops]]: each with keys of its own.
std::vector<NextHop> read_each(KeyReader& keys, const std::string& list, const NextHop& general) {
    std::vector<NextHop> hops;
    const std::size_t count = keys.count(list);
    if (count > kMaxHops) keys.fail(list, "has more than " + std::to_string(kMaxHops) + " tables");
    for (std::size_t i = 0; i < count; ++i) {
        const std::string table = list + "[" + std::to_string(i) + "]";
        NextHop hop = general;
        if (!keys.has(table + ".host")) keys.fail(table, "has no host; host = \"...\" is expected");
        keys.text(table + ".host", hop.host);
        keys.integer(table + ".priority", hop.priority, 0, 65'535);
        keys.integer(table + ".weight", hop.weight, 1, 1000);
        read_server(keys, table, hop);
        check_host(keys, table + ".host", hop);
        hops.push_back(std::move(hop));
    }
    return hops;
}

void read_domains(KeyReader& keys, const std::string& table, std::vector<std::string>& domains,
                  std::set<std::string>& seen) {
    const std::string key = table + ".domains";
    keys.list(key, domains, true);
    if (domains.empty())
        keys.fail(keys.has(key) ? key : table,
                  "names no domain; domains = [\"a.example\"] is expected");
    for (std::string& domain : domains) {
        std::transform(domain.begin(), domain.end(), domain.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        const std::string_view name =
            std::string_view(domain).substr(domain.starts_with('.') ? 1 : 0);
        if (name.empty() || name.find_first_of("@ /*\r\n\t") != name.npos || name.ends_with('.')) {
            keys.fail(key, "holds \"" + domain +
                               "\"; a domain is expected, with a dot in front for all below it");
        }
        if (!seen.insert(domain).second) {
            keys.fail(key, "holds \"" + domain + "\", which has a route already");
        }
    }
}

void read_routes(KeyReader& keys, const NextHop& general, NextHops& all) {
    std::set<std::string> seen;
    const std::size_t count = keys.count("route");
    if (count > kMaxRoutes) {
        keys.fail("route", "has more than " + std::to_string(kMaxRoutes) + " tables");
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::string table = "route[" + std::to_string(i) + "]";
        Route route;
        read_domains(keys, table, route.domains, seen);
        NextHop own = general;
        read_server(keys, table, own);
        const bool where = keys.has(table + ".host") || keys.has(table + ".hosts");
        const bool each = keys.has(table + ".next_hops");
        if (where == each) {
            keys.fail(table,
                      "names no next hop or two ways; one of host, hosts and [[route.next_hops]] "
                      "is expected");
        }
        route.hops =
            each ? read_each(keys, table + ".next_hops", own) : read_where(keys, table, own);
        all.routes.push_back(std::move(route));
    }
}

}  // namespace

void read_next_hops(KeyReader& keys, NextHops& all) {
    NextHop general;
    read_server(keys, "next_hop", general);
    const bool where = keys.has("next_hop.host") || keys.has("next_hop.hosts");
    if (where && keys.has("next_hops")) {
        keys.fail("next_hops", "stands beside [next_hop] host; one of them is expected");
    }
    keys.duration("next_hop.first_pause", all.first_pause, milliseconds(10), hours(1));
    keys.duration("next_hop.longest_pause", all.longest_pause, milliseconds(10), hours(1));
    keys.integer("next_hop.tries_while_down", all.tries_while_down, 0, 1000);
    if (all.first_pause > all.longest_pause) {
        keys.fail("next_hop.first_pause", "is longer than next_hop.longest_pause");
    }
    all.routes.clear();
    all.routes.push_back({});
    all.routes.front().hops = keys.has("next_hops") ? read_each(keys, "next_hops", general)
                                                    : read_where(keys, "next_hop", general);
    read_routes(keys, general, all);
}

}  // namespace postern::settings
