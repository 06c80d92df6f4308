#include "gateway/smtp/introduction.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "analyzers/base/ascii.hpp"
#include "gateway/smtp/xtext.hpp"

namespace postern::smtp {
namespace {

using State = IntroducedText::State;

constexpr std::size_t kMaxText = 255;
constexpr std::string_view kUnavailable = "[UNAVAILABLE]";
constexpr std::string_view kTemporarily = "[TEMPUNAVAIL]";

bool is_unavailable(std::string_view value) {
    return ascii_iequal(value, kUnavailable) || ascii_iequal(value, kTemporarily);
}

bool take_text(IntroducedText& into, std::string_view value) {
    if (ascii_iequal(value, kUnavailable)) {
        into = {State::Unavailable, {}};
        return true;
    }
    if (ascii_iequal(value, kTemporarily)) {
        into = {State::TemporarilyUnavailable, {}};
        return true;
    }
    const auto usable = [](char c) { return c > ' ' && c <= '~'; };
    if (value.empty() || value.size() > kMaxText ||
        !std::all_of(value.begin(), value.end(), usable)) {
        return false;
    }
    into = {State::Said, std::string(value)};
    return true;
}

bool take_address(std::optional<mail::IpAddress>& into, std::string_view value) {
    constexpr std::string_view kV6 = "IPV6:";
    if (is_unavailable(value)) return true;
    const bool v6 = ascii_iequal(value.substr(0, kV6.size()), kV6);
    if (v6) value.remove_prefix(kV6.size());
    const auto address = mail::IpAddress::parse(value);
    if (!address || (value.find(':') != std::string_view::npos) != v6) return false;
    into = *address;
    return true;
}

bool take_port(std::optional<std::uint16_t>& into, std::string_view value) {
    if (is_unavailable(value)) return true;
    std::uint16_t port = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), port);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size()) return false;
    into = port;
    return true;
}

bool take_protocol(std::optional<bool>& into, std::string_view value) {
    into = ascii_iequal(value, "ESMTP");
    return *into || ascii_iequal(value, "SMTP");
}

struct Attribute {
    std::string_view name;
    bool (*take)(Introduction& into, std::string_view value);
};
constexpr Attribute kAttributes[] = {
    {"NAME", [](Introduction& i, std::string_view v) { return take_text(i.name, v); }},
    {"ADDR", [](Introduction& i, std::string_view v) { return take_address(i.address, v); }},
    {"PORT", [](Introduction& i, std::string_view v) { return take_port(i.port, v); }},
    {"PROTO", [](Introduction& i, std::string_view v) { return take_protocol(i.extended, v); }},
    {"HELO", [](Introduction& i, std::string_view v) { return take_text(i.helo, v); }},
    {"LOGIN", [](Introduction& i, std::string_view v) { return take_text(i.login, v); }},
    {"DESTADDR",
     [](Introduction& i, std::string_view v) { return take_address(i.local_address, v); }},
    {"DESTPORT", [](Introduction& i, std::string_view v) { return take_port(i.local_port, v); }},
};

Failure<Reply> refusal(const char* text) {
    return Failure{Reply{501, "5.5.4", text}};
}

}  // namespace

Outcome<Introduction, Reply> parse_xclient(std::string_view argument) {
    Introduction introduction;
    unsigned seen = 0;
    while (!argument.empty()) {
        const std::string_view word = argument.substr(0, argument.find(' '));
        argument.remove_prefix(std::min(word.size() + 1, argument.size()));
        if (word.empty()) continue;
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) return refusal("Syntax: XCLIENT attribute=value...");
        const std::string_view name = word.substr(0, equals);
        const auto* known =
            std::find_if(std::begin(kAttributes), std::end(kAttributes),
                         [name](const Attribute& each) { return ascii_iequal(each.name, name); });
        if (known == std::end(kAttributes)) return refusal("Unknown XCLIENT attribute");
        const unsigned bit = 1U << static_cast<unsigned>(known - std::begin(kAttributes));
        const auto value = decode_xtext(word.substr(equals + 1));
        if (!value || (seen & bit) != 0 || !known->take(introduction, *value)) {
            return refusal("Bad XCLIENT attribute value");
        }
        seen |= bit;
    }
    if (seen == 0) return refusal("Syntax: XCLIENT attribute=value...");
    return introduction;
}

}  // namespace postern::smtp
