#include "analyzers/api/json.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace postern::analyzers {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N, class E>
std::string_view pick(const std::array<std::string_view, N>& words, E value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : std::string_view("unknown");
}

Json or_null(const std::optional<std::uint32_t>& index) {
    return index ? Json(*index) : Json(nullptr);
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

// Hostile strings are UTF-8 by the codec's check; replacing keeps this true for any other caller.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Object& object, std::size_t id) {
    return {{"id", id},
            {"parent", or_null(object.parent)},
            {"relation", word(object.relation)},
            {"path", object.path},
            {"name", object.name},
            {"size", object.size},
            {"type", object.type},
            {"mime", object.mime},
            {"declared_mime", or_null(object.declared_mime)},
            {"sha256", object.sha256},
            {"flags", object.flags}};
}

Json to_json(const Url& url) {
    return {{"url", url.url},       {"normalized", url.normalized}, {"host", url.host},
            {"object", url.object}, {"where", url.where},           {"flags", url.flags}};
}

Json to_json(const LimitHit& hit) {
    return {{"limit", word(hit.limit)},
            {"object", or_null(hit.object)},
            {"configured", hit.configured},
            {"observed", hit.observed}};
}

Json to_json(const AnalysisError& error) {
    return {{"object", or_null(error.object)},
            {"analyzer", error.analyzer},
            {"code", word(error.code)},
            {"detail", error.detail}};
}

Json to_json(const Finding& finding, std::string_view mode) {
    Json json = {{"code", finding.code},
                 {"source", word(finding.source)},
                 {"severity", word(finding.severity)},
                 {"category", word(finding.category)},
                 {"score", finding.score}};
    if (!mode.empty()) json["mode"] = mode;
    json["object"] = or_null(finding.object);
    json["detail"] = finding.detail;
    json["explanation"] = finding.explanation;
    json["attack"] = finding.attack;
    json["ms"] = finding.ms;
    return json;
}

Json to_json(const DmarcReportRow& row) {
    Json dkim = Json::array();
    for (const DmarcReportSignature& each : row.dkim) {
        dkim.push_back(
            {{"domain", each.domain}, {"selector", each.selector}, {"result", word(each.result)}});
    }
    return {{"source_ip", row.source_ip},
            {"count", row.count},
            {"disposition", word(row.disposition)},
            {"reason", word(row.reason)},
            {"aligned", {{"spf", row.spf_aligned}, {"dkim", row.dkim_aligned}}},
            {"header_from", row.header_from},
            {"envelope_from", row.envelope_from},
            {"dkim", std::move(dkim)},
            {"spf", {{"domain", row.spf_domain}, {"result", word(row.spf)}}}};
}

Json to_json(const DmarcReport& report) {
    Json rows = Json::array();
    for (const DmarcReportRow& row : report.rows) rows.push_back(to_json(row));
    return {{"object", report.object},     {"reporter", report.reporter},
            {"contact", report.contact},   {"id", report.id},
            {"domain", report.domain},     {"policy", word(report.policy)},
            {"begin", report.begin},       {"end", report.end},
            {"left_out", report.left_out}, {"rows", std::move(rows)}};
}

template <class T>
Json list(const std::vector<T>& entries) {
    Json json = Json::array();
    for (const T& entry : entries) json.push_back(to_json(entry));
    return json;
}

}  // namespace

std::string analysis_json(const Report& report, const DomainOf& domain_of) {
    Json objects = Json::array();
    for (std::size_t i = 0; i < report.objects.size(); ++i) {
        objects.push_back(to_json(report.objects[i], i));
    }
    Json urls = list(report.urls);
    for (std::size_t i = 0; domain_of && i < report.urls.size(); ++i) {
        const std::string domain = domain_of(report.urls[i].host);
        urls[i]["domain"] = domain.empty() ? Json() : Json(domain);
    }
    Json json = {{"complete", report.complete()},
                 {"objects", std::move(objects)},
                 {"urls", std::move(urls)},
                 {"limits", list(report.limits)},
                 {"errors", list(report.errors)}};
    if (!report.dmarc_reports.empty()) json["dmarc_reports"] = list(report.dmarc_reports);
    return dump(json);
}

std::string finding_json(const Finding& finding, std::string_view mode) {
    return dump(to_json(finding, mode));
}

std::string findings_json(std::span<const Finding> findings, std::string_view mode) {
    Json json = Json::array();
    for (const Finding& finding : findings) json.push_back(to_json(finding, mode));
    return dump(json);
}

std::string_view word(Severity severity) {
    return pick(std::array<std::string_view, 5>{"info", "low", "medium", "high", "critical"},
                severity);
}
std::string_view word(Source source) {
    return pick(std::array<std::string_view, 5>{"analyzer", "check", "rule", "model", "list"},
                source);
}
std::string_view word(Category category) {
    return pick(
        std::array<std::string_view, 5>{"none", "policy", "phishing", "suspicious", "malware"},
        category);
}
std::string_view word(Relation relation) {
    return pick(std::array<std::string_view, 4>{"root", "part", "extracted", "decoded"}, relation);
}
std::string_view word(Limit limit) {
    return pick(std::array<std::string_view, 7>{"depth", "objects", "bytes", "ratio", "time",
                                                "memory", "names"},
                limit);
}
std::string_view word(ErrorCode code) {
    return pick(std::array<std::string_view, 6>{"crash", "timeout", "unsupported", "corrupt",
                                                "encrypted", "resource"},
                code);
}

}  // namespace postern::analyzers
