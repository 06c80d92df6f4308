#include "gateway/auth/dmarc/report/stored.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace postern::auth::dmarc {
namespace {

using nlohmann::json;

constexpr std::size_t kMostUris = 10;        // as many as verified_destinations() looks at
constexpr std::size_t kLongestUri = 512;     // bytes
constexpr std::size_t kLongestName = 255;    // bytes
constexpr std::size_t kMostSignatures = 20;  // of one row

/// URIs hold neither "," nor ";": they were cut there.
void add_uris(std::string& text, std::string_view tag, const std::vector<std::string>& uris,
              std::size_t most) {
    std::string list;
    std::size_t count = 0;
    for (const std::string& each : uris) {
        if (each.size() > kLongestUri || ++count > most) continue;
        list += (list.empty() ? "" : ",") + each;
    }
    if (!list.empty()) text.append("; ").append(tag).append("=").append(list);
}

std::string options(const FailureOptions& wanted) {
    std::string text;
    const auto add = [&](bool on, const char* option) {
        if (on) text += (text.empty() ? "" : ":") + std::string(option);
    };
    add(wanted.all_failed, "0");
    add(wanted.any_failed, "1");
    add(wanted.dkim, "d");
    add(wanted.spf, "s");
    return text;
}

std::string cut(const std::string& text) {
    return text.substr(0, kLongestName);
}

/// A number that names an enumerator, the last of which is `last`.
template <class E>
E enumerator(const json& value, E last) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(last)) throw std::out_of_range("no enumerator");
    return static_cast<E>(number);
}

ReportRow row_of(const json& from) {
    ReportRow row;
    row.source_ip = from.at("ip").get<std::string>();
    row.result = enumerator(from.at("result"), DmarcResult::PermError);
    row.disposition = enumerator(from.at("disposition"), DmarcPolicy::Reject);
    row.dkim_aligned = from.at("dkim_aligned").get<bool>();
    row.spf_aligned = from.at("spf_aligned").get<bool>();
    row.reason = enumerator(from.at("reason"), OverrideReason::PolicyTestMode);
    row.header_from = from.at("header_from").get<std::string>();
    row.envelope_from = from.at("envelope_from").get<std::string>();
    for (const json& each : from.at("dkim")) {
        row.dkim.push_back({each.at(0).get<std::string>(), each.at(1).get<std::string>(),
                            enumerator(each.at(2), DkimResult::PermError)});
    }
    row.spf_domain = from.at("spf_domain").get<std::string>();
    row.spf = enumerator(from.at("spf"), SpfResult::PermError);
    return row;
}

}  // namespace

std::string policy_text(const ReportedPolicy& policy) {
    const Record& record = policy.record;
    const auto word_of = [](DmarcPolicy value) { return std::string(word(value)); };
    const auto letter = [](Alignment value) { return value == Alignment::Strict ? "s" : "r"; };
    std::string text = policy.domain + " v=DMARC1; p=" + word_of(record.policy);
    if (record.subdomain_policy) text += "; sp=" + word_of(*record.subdomain_policy);
    if (record.nonexistent_policy) text += "; np=" + word_of(*record.nonexistent_policy);
    text += std::string("; adkim=") + letter(record.dkim) + "; aspf=" + letter(record.spf);
    if (record.testing) text += "; t=y";
    add_uris(text, "rua", record.rua, kMostUris);
    if (!record.ruf.empty()) {  // fo= is reported then; nobody is written to
        text += "; fo=" + options(record.failure_options);
        add_uris(text, "ruf", record.ruf, 1);
    }
    return text;
}

std::optional<ReportedPolicy> parse_policy(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0) return std::nullopt;
    auto record = parse_record(text.substr(blank + 1));
    if (!record) return std::nullopt;
    return ReportedPolicy{std::string(text.substr(0, blank)), std::move(*record)};
}

std::string row_text(const ReportRow& row) {
    json signatures = json::array();
    for (std::size_t i = 0; i < std::min(row.dkim.size(), kMostSignatures); ++i) {
        const ReportedDkim& each = row.dkim[i];
        signatures.push_back({cut(each.domain), cut(each.selector), each.result});
    }
    const json made = {{"ip", row.source_ip},
                       {"result", row.result},
                       {"disposition", row.disposition},
                       {"dkim_aligned", row.dkim_aligned},
                       {"spf_aligned", row.spf_aligned},
                       {"reason", row.reason},
                       {"header_from", cut(row.header_from)},
                       {"envelope_from", cut(row.envelope_from)},
                       {"dkim", std::move(signatures)},
                       {"spf_domain", cut(row.spf_domain)},
                       {"spf", row.spf}};
    return made.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<ReportRow> parse_row(std::string_view text) {
    try {
        return row_of(json::parse(text));
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace postern::auth::dmarc
