#include "gateway/reputation/dns_list.hpp"

#include <algorithm>
#include <cmath>

#include "analyzers/base/clean_text.hpp"

namespace postern::reputation {
namespace {

using mail::IpAddress;
using settings::DnsListKind;
using settings::ListCode;
using settings::NameDepth;

constexpr std::size_t kMaxReason = 256;
constexpr std::size_t kMaxName = 253;

std::uint32_t as_number(const IpAddress& address) {
    std::uint32_t number = 0;
    for (std::size_t i = 12; i < 16; ++i) number = (number << 8U) | address.bytes().at(i);
    return number;
}

Reading unreadable(std::string why) {
    return {.meaning = Meaning::Unknown, .value = {}, .reason = {}, .why = std::move(why)};
}

bool is_error(const DnsList& list, std::uint32_t code) {
    return !settings::is_list_answer(code) ||
           std::any_of(list.errors.begin(), list.errors.end(),
                       [code](const ListCode& each) { return each.matches(code); });
}

/// ::ffff:127.0.0.N as an IPv6 list has it, which list_name() would take for IPv4 (RFC 5782 5).
std::string mapped_test_name(unsigned last, std::string_view zone) {
    std::string name = std::to_string(last) + ".0.0.0.0.0.f.7.f.f.f.f.";
    for (int i = 0; i < 20; ++i) name += "0.";
    return name.append(zone);
}

void add_code(Reading& reading, const ListCode& code, double standard, const IpAddress& address) {
    const double weight = code.has_score ? code.score : standard;
    if (reading.meaning != Meaning::Listed || std::abs(weight) > std::abs(reading.weight)) {
        reading.weight = weight;
    }
    reading.meaning = Meaning::Listed;
    const std::string text = address.text();
    if (reading.value.find(text) == std::string::npos || reading.value.empty()) {
        reading.value += (reading.value.empty() ? "" : " ") + text;
    }
    if (code.meaning.empty() || reading.reason.find(code.meaning) != std::string::npos) return;
    reading.reason += (reading.reason.empty() ? "" : ", ") + code.meaning;
}

std::vector<std::string> host_questions(const DnsList& list, const HostSubject& subject) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& host) {
        const std::string name = host + "." + list.zone;
        if (!host.empty() && name.size() <= kMaxName &&
            std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    };
    if (list.names != NameDepth::Host) add(subject.registrable);
    if (list.names != NameDepth::Registrable || names.empty()) add(subject.host);
    return names;
}

}  // namespace

std::string Subject::text() const {
    if (const auto* address = std::get_if<IpAddress>(&value)) return address->text();
    return std::get<HostSubject>(value).host;
}

std::vector<std::string> list_questions(const DnsList& list, const Subject& subject) {
    if (std::find(list.subjects.begin(), list.subjects.end(), subject.use) == list.subjects.end()) {
        return {};
    }
    if (const auto* host = std::get_if<HostSubject>(&subject.value)) {
        return list.kind == DnsListKind::Domain ? host_questions(list, *host)
                                                : std::vector<std::string>{};
    }
    const auto& address = std::get<IpAddress>(subject.value);
    const bool right_kind = list.kind == DnsListKind::Ip || list.ip_links;
    if (!right_kind || (!address.is_v4() && !list.ipv6)) return {};
    return {dns::list_name(address, list.zone)};
}

Reading read_answer(const DnsList& list, const dns::Answer& answer) {
    if (dns::unknown(answer.status)) {
        return unreadable(answer.detail.empty() ? std::string(dns::name(answer.status))
                                                : answer.detail);
    }
    Reading reading;
    if (!answer.found()) return reading;
    for (const IpAddress& address : answer.addresses) {
        if (!address.is_v4() || is_error(list, as_number(address))) {
            return unreadable("it answered " + address.text() + ", which is no listing");
        }
    }
    for (const IpAddress& address : answer.addresses) {
        for (const ListCode& code : list.codes) {
            if (code.matches(as_number(address))) add_code(reading, code, list.score, address);
        }
    }
    return reading;
}

std::string read_reason(const dns::Answer& answer) {
    if (!answer.found() || answer.texts.empty()) return {};
    return clean_text(answer.texts.front(), kMaxReason);
}

std::vector<TestPoint> test_points(const DnsList& list, std::uint64_t round) {
    if (!list.test_points) return {};
    const auto name = [&](const std::string& given, const char* standard) {
        return (given.empty() ? standard : given) + "." + list.zone;
    };
    if (list.kind == DnsListKind::Domain) {
        return {{name(list.test_listed, "test"), true},
                {name(list.test_unlisted, "invalid"), false},
                {"postern-" + std::to_string(round) + ".invalid." + list.zone, false}};
    }
    const auto octet = [round](unsigned shift) {
        return std::to_string(1 + ((round >> shift) & 0x7FU));
    };
    std::vector<TestPoint> points = {
        {name(list.test_listed, "2.0.0.127"), true},
        {name(list.test_unlisted, "1.0.0.127"), false},
        {"1." + octet(0) + "." + octet(7) + ".127." + list.zone, false}};
    if (list.ipv6) {
        points.push_back({mapped_test_name(2, list.zone), true});
        points.push_back({mapped_test_name(1, list.zone), false});
    }
    return points;
}

}  // namespace postern::reputation
