/// @file What an evaluation asks the DNS, and what macros stand for.

#include <algorithm>

#include "gateway/auth/spf/evaluation.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::spf {
namespace {

using dns::RecordType;
using Kind = Mechanism::Kind;

/// "1.0.0...b.d.0.1.0.0.2" read from the left: nibbles of an IPv6 address, most significant first.
std::string nibbles(const mail::IpAddress& address) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string text;
    for (const std::uint8_t byte : address.bytes()) {
        if (!text.empty()) text += '.';
        text += {kHex[byte >> 4U], '.', kHex[byte & 15U]};
    }
    return text;
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

}  // namespace

dns::RecordType Evaluation::address_type() const {
    return request_.client.is_v4() ? RecordType::A : RecordType::Aaaa;
}

dns::Answer Evaluation::ask(const std::string& name, RecordType type) {
    if (request_.limits.deadline != dns::TimePoint::max() &&
        std::chrono::steady_clock::now() >= request_.limits.deadline) {
        dns::Answer late;
        late.status = dns::Status::Late;
        late.detail = "the check took too long";
        return late;
    }
    return inquiry_.lookup({name, type});
}

bool Evaluation::in_network(const mail::IpAddress::Bytes& network,
                            const Mechanism& mechanism) const {
    constexpr unsigned kMappedBits = 96;  // in front of an IPv4 address in IPv6 form
    const unsigned bits = request_.client.is_v4() ? kMappedBits + mechanism.bits4 : mechanism.bits6;
    const auto& client = request_.client.bytes();
    for (unsigned i = 0; i * 8 < bits; ++i) {
        const unsigned left = bits - i * 8;
        const unsigned mask = left >= 8 ? 0xffU : 0xffU & (0xffU << (8U - left));
        if (((client[i] ^ network[i]) & mask) != 0) return false;
    }
    return true;
}

bool Evaluation::holds_client(const dns::Answer& answer, const Mechanism& mechanism) const {
    return std::any_of(answer.addresses.begin(), answer.addresses.end(),
                       [&](const mail::IpAddress& address) {
                           return address.is_v4() == request_.client.is_v4() &&
                                  in_network(address.bytes(), mechanism);
                       });
}

const std::vector<std::string>& Evaluation::validated_names() {
    if (validated_names_) return *validated_names_;
    validated_names_.emplace();
    const dns::Answer answer = ask(dns::reverse_name(request_.client), RecordType::Ptr);
    if (!answer.found()) {
        nameless_ = !dns::unknown(answer.status);  // an error is no match, and no more (5.5)
        return *validated_names_;
    }
    std::vector<std::pair<std::string, dns::Pending>> asked;
    for (const std::string& name : answer.names) {
        if (asked.size() >= request_.limits.reverse_names) break;
        if (is_askable(name)) asked.emplace_back(name, inquiry_.ask({name, address_type()}));
    }
    for (const auto& [name, pending] : asked) {
        const auto& addresses = pending.wait().addresses;
        if (std::find(addresses.begin(), addresses.end(), request_.client) != addresses.end()) {
            validated_names_->push_back(name);
        }
    }
    return *validated_names_;
}

std::string Evaluation::validated_name(const std::string& domain) {
    const auto& names = validated_names();
    if (names.empty()) return "unknown";
    const auto within = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return mail::is_within(name, domain);
    });
    const bool itself = std::find(names.begin(), names.end(), domain) != names.end();
    if (itself) return domain;
    return within != names.end() ? *within : names.front();
}

std::optional<std::string> Evaluation::target_of(const Mechanism& mechanism,
                                                 const std::string& domain) {
    if (!mechanism.domain) return domain;
    std::string name =
        mechanism.domain->expand_name([&](char letter) { return macro_value(letter, domain); });
    if (!is_askable(name)) return std::nullopt;
    return name;
}

std::string Evaluation::macro_value(char letter, const std::string& domain) {
    const mail::IpAddress& client = request_.client;
    switch (letter) {
        case 's':
            return sender_.local_part + '@' + sender_.domain;
        case 'l':
            return sender_.local_part;
        case 'o':
            return sender_.domain;
        case 'd':
            return domain;
        case 'i':
            return client.is_v4() ? client.text() : nibbles(client);
        case 'p':
            return validated_name(domain);
        case 'h':
            return request_.helo;
        case 'c':
            return client.text();
        case 'r':
            return request_.receiver;
        case 't':
            return std::to_string(request_.time);
        case 'v':
            return client.is_v4() ? "in-addr" : "ip6";
        default:
            return {};
    }
}

std::optional<std::string> Evaluation::explain(const MacroString& spec, const std::string& domain) {
    const auto values = [&](char letter) { return macro_value(letter, domain); };
    const std::string name = spec.expand_name(values);
    if (!is_askable(name)) return std::nullopt;
    const dns::Answer answer = ask(name, RecordType::Txt);
    if (!answer.found() || answer.texts.size() != 1) return std::nullopt;  // 6.2
    const auto text = MacroString::parse_explanation(answer.texts.front());
    if (!text) return std::nullopt;
    std::string explanation = text->expand_text(values, request_.limits.explanation);
    if (!is_printable(explanation)) return std::nullopt;
    return explanation;
}

}  // namespace postern::auth::spf
