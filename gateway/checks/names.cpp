#include "gateway/checks/names.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/cidr.hpp"

namespace postern::checks {
namespace {

using dns::RecordType;

/// Networks nobody takes mail at. RFC 6890 and its updates.
constexpr std::array kBogus = {
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/128",
    "::1/128",         "100::/64",       "2001:db8::/32", "fc00::/7",       "fe80::/10",
    "ff00::/8"};

/// Whole labels or parts of one between "-" that providers use for lines of their customers.
constexpr std::array<std::string_view, 22> kLineWords = {
    "dynamic", "dyn",    "dhcp", "dhcpv6",   "pool",      "pools",      "ppp",    "pppoe",
    "dsl",     "adsl",   "vdsl", "xdsl",     "dial",      "dialup",     "dialin", "cable",
    "cpe",     "client", "cust", "customer", "broadband", "residential"};

std::vector<mail::Cidr> bogus_networks() {
    std::vector<mail::Cidr> networks;
    for (const char* each : kBogus) networks.push_back(mail::Cidr::parse(each).value());
    return networks;
}

RecordType forward_type(const mail::IpAddress& client) {
    return client.is_v4() ? RecordType::A : RecordType::Aaaa;
}

dns::Question reverse_question(const mail::IpAddress& client) {
    return {dns::reverse_name(client), RecordType::Ptr};
}

std::vector<std::string> names_in(const dns::Answer& answer) {
    std::vector<std::string> names = answer.names;
    if (names.size() > kMaxReverseNames) names.resize(kMaxReverseNames);
    return names;
}

std::string why(const dns::Answer& answer) {
    return answer.detail.empty() ? std::string(name(answer.status)) : answer.detail;
}

/// Runs of digits in a name, as numbers.
std::vector<unsigned> numbers_in(std::string_view text) {
    std::vector<unsigned> numbers;
    for (std::size_t i = 0; i < text.size();) {
        if (!ascii_digit(text[i])) {
            ++i;
            continue;
        }
        unsigned value = 0;
        std::size_t digits = 0;
        for (; i < text.size() && ascii_digit(text[i]); ++i, ++digits) {
            if (digits < 4) value = value * 10 + static_cast<unsigned>(text[i] - '0');
        }
        numbers.push_back(digits > 3 ? 1000 : value);
    }
    return numbers;
}

bool holds_address(std::string_view name, const mail::IpAddress& client) {
    if (!client.is_v4()) return false;
    const auto& bytes = client.bytes();
    const std::array<unsigned, 4> octets = {bytes[12], bytes[13], bytes[14], bytes[15]};
    const std::vector<unsigned> numbers = numbers_in(name);
    // Three of the four in a row, forwards or backwards: "4-3-2.pool", "host-192-0-2-1".
    const auto holds = [&](std::array<unsigned, 4> order) {
        for (std::size_t first = 0; first < 2; ++first) {
            const auto* from = order.data() + first;
            if (std::search(numbers.begin(), numbers.end(), from, from + 3) != numbers.end()) {
                return true;
            }
        }
        return false;
    };
    if (holds(octets)) return true;
    return holds({octets[3], octets[2], octets[1], octets[0]});
}

bool holds_hex_address(std::string_view name, const mail::IpAddress& client) {
    if (!client.is_v4()) return false;
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (std::size_t i = 12; i < 16; ++i) {
        hex += kDigits[client.bytes().at(i) >> 4U];
        hex += kDigits[client.bytes().at(i) & 0x0FU];
    }
    return name.find(hex) != std::string_view::npos;
}

}  // namespace

void ask_addresses(dns::Inquiry& inquiry, const std::string& name) {
    (void)inquiry.ask({name, RecordType::A});
    (void)inquiry.ask({name, RecordType::Aaaa});
}

Addresses addresses_of(dns::Inquiry& inquiry, const std::string& name) {
    ask_addresses(inquiry, name);
    Addresses found{Existence::None, {}, {}};
    for (const RecordType type : {RecordType::A, RecordType::Aaaa}) {
        const dns::Answer answer = inquiry.lookup({name, type});
        found.list.insert(found.list.end(), answer.addresses.begin(), answer.addresses.end());
        if (!dns::unknown(answer.status)) continue;
        found.existence = Existence::Unknown;
        found.detail = name + ": " + why(answer);
    }
    if (!found.list.empty()) found.existence = Existence::Found;
    return found;
}

void ask_client_name(dns::Inquiry& inquiry, const mail::IpAddress& client) {
    (void)inquiry.ask(reverse_question(client));
}

bool client_name_ready(dns::Inquiry& inquiry, const mail::IpAddress& client) {
    const dns::Pending reverse = inquiry.ask(reverse_question(client));
    if (!reverse.ready()) return false;
    bool ready = true;
    for (const std::string& each : names_in(reverse.wait())) {
        ready = inquiry.ask({each, forward_type(client)}).ready() && ready;
    }
    return ready;
}

ClientName client_name(dns::Inquiry& inquiry, const mail::IpAddress& client) {
    using auth::IprevResult;
    ClientName found;
    const dns::Answer reverse = inquiry.lookup(reverse_question(client));
    if (dns::unknown(reverse.status)) {
        found.iprev = {IprevResult::TempError, {}, why(reverse)};
        return found;
    }
    if (!reverse.found()) {
        found.iprev = {IprevResult::Fail, {}, "no reverse name"};
        return found;
    }
    found.reverse_names = names_in(reverse);
    for (const std::string& each : found.reverse_names) {
        (void)inquiry.ask({each, forward_type(client)});
    }
    found.iprev = {IprevResult::Fail, {}, "no reverse name leads back"};
    for (const std::string& each : found.reverse_names) {
        const dns::Answer forward = inquiry.lookup({each, forward_type(client)});
        const auto& list = forward.addresses;
        if (std::find(list.begin(), list.end(), client) != list.end()) {
            found.iprev = {IprevResult::Pass, each, {}};
            return found;
        }
        if (dns::unknown(forward.status)) {
            found.iprev = {IprevResult::TempError, {}, each + ": " + why(forward)};
        }
    }
    return found;
}

ClientName client_name(dns::Inquiry& inquiry, const ConnectionFacts& connection) {
    if (connection.iprev.result == auth::IprevResult::None) {
        return client_name(inquiry, connection.client);
    }
    return {connection.iprev, connection.reverse_names};
}

std::optional<std::string> generic_trait(std::string_view name, const mail::IpAddress& client) {
    const std::string lower = ascii_lower(name);
    // The registrable part says who the provider is, not which line: "pool.example" is a company.
    std::size_t end = lower.rfind('.');
    if (end != std::string::npos && end > 0) end = lower.rfind('.', end - 1);
    if (end == std::string::npos) return std::nullopt;
    const std::string_view host = std::string_view(lower).substr(0, end);
    if (holds_address(host, client)) return "holds the address";
    if (holds_hex_address(host, client)) return "holds the address in hexadecimal digits";
    for (std::size_t at = 0; at < host.size();) {
        const std::size_t stop = std::min(host.find_first_of(".-_", at), host.size());
        std::string_view word = host.substr(at, stop - at);
        while (!word.empty() && ascii_digit(word.back())) word.remove_suffix(1);
        if (std::find(kLineWords.begin(), kLineWords.end(), word) != kLineWords.end()) {
            return "holds \"" + std::string(word) + "\"";
        }
        at = stop + 1;
    }
    return std::nullopt;
}

bool domain_matches(std::string_view pattern, std::string_view domain) {
    if (!pattern.starts_with('.')) return ascii_iequal(pattern, domain);
    return domain.size() > pattern.size() &&
           ascii_iequal(pattern, domain.substr(domain.size() - pattern.size()));
}

bool is_bogus(const mail::IpAddress& address) {
    static const std::vector<mail::Cidr> kNetworks = bogus_networks();
    return std::any_of(kNetworks.begin(), kNetworks.end(),
                       [&](const mail::Cidr& each) { return each.contains(address); });
}

}  // namespace postern::checks
