/// @file What goes into the report: once, and no more than its size allows.

#include <algorithm>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/pipeline/walk.hpp"
#include "analyzers/url/url.hpp"

namespace postern::analyzers {
namespace {

/// At most kMaxReportedUrl bytes, cut at a character; true if it was cut.
bool cut(std::string& text) {
    if (text.size() <= kMaxReportedUrl) return false;
    std::size_t end = kMaxReportedUrl;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return true;
}

std::size_t size_of(const Url& url) {
    std::size_t size = url.url.size() + url.normalized.size() + url.host.size() + url.where.size();
    for (const std::string& flag : url.flags) size += flag.size() + 4;
    return size + 32;
}

}  // namespace

void Walk::add_url(const FoundUrl& found, std::uint32_t object) {
    if (!urls_.insert(found.url).second) return;
    auto parsed = parse_url(found.url);
    if (!parsed || (parsed->host.empty() && parsed->scheme != "file")) return;
    Url url{.url = clean_text(found.url, kMaxUrl),
            .normalized = clean_text(parsed->normalized, kMaxUrl),
            .host = std::move(parsed->host),
            .object = object,
            .where = clean_text(found.where, 64),
            .flags = found.flags};
    url.flags.insert(url.flags.end(), parsed->flags.begin(), parsed->flags.end());
    const bool cut_url = cut(url.url);
    if (cut(url.normalized) || cut_url) url.flags.emplace_back("truncated");
    urls_size_ += size_of(url);
    if (urls_size_ > kMaxUrlsSize) {
        add_limit({.limit = Limit::Names,
                   .object = {},
                   .configured = kMaxUrlsSize,
                   .observed = urls_size_},
                  object);
        return;
    }
    const auto has = [&](std::string_view flag) {
        return std::find(url.flags.begin(), url.flags.end(), flag) != url.flags.end();
    };
    const bool web = parsed->scheme == "http" || parsed->scheme == "https";
    if (web && has("ip-host")) add_finding(finding("URL_IP_HOST", url.url), object);
    if (web && has("userinfo")) add_finding(finding("URL_USERINFO", url.url), object);
    report_.urls.push_back(std::move(url));
}

void Walk::add_finding(Finding found, std::uint32_t object) {
    found.object = object;
    std::size_t same = 0;
    for (const Finding& other : report_.findings) {
        if (other.code != found.code || other.object != found.object) continue;
        if (other.detail == found.detail || ++same >= kMaxSameFinding) return;
    }
    findings_size_ += found.code.size() + found.detail.size() + found.explanation.size() + 64;
    if (findings_size_ > kMaxFindingsSize) {
        add_limit({.limit = Limit::Names,
                   .object = {},
                   .configured = kMaxFindingsSize,
                   .observed = findings_size_},
                  object);
        // A worse one must not be crowded out by many that are harmless.
        const auto mildest = std::min_element(
            report_.findings.begin(), report_.findings.end(),
            [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
        if (mildest == report_.findings.end() || mildest->severity >= found.severity) return;
        *mildest = std::move(found);
        return;
    }
    report_.findings.push_back(std::move(found));
}

void Walk::add_error(AnalysisError error, std::uint32_t object) {
    error.object = object;
    if (std::find(report_.errors.begin(), report_.errors.end(), error) != report_.errors.end()) {
        return;
    }
    errors_size_ += error.analyzer.size() + error.detail.size() + 32;
    if (errors_size_ <= kMaxErrorsSize) report_.errors.push_back(std::move(error));
}

void Walk::add_limit(LimitHit hit, std::uint32_t object) {
    hit.object = object;
    const bool there =
        std::any_of(report_.limits.begin(), report_.limits.end(), [&](const LimitHit& other) {
            return other.limit == hit.limit && other.object == hit.object;
        });
    if (!there && report_.limits.size() < kMaxLimitHits) report_.limits.push_back(hit);
}

void Walk::add_dmarc_report(DmarcReport report, std::uint32_t object) {
    report.object = object;
    if (report_.dmarc_reports.size() >= kMaxDmarcReports) {
        add_flag(object, "dmarc-report-left-out");  // the engines have seen it all the same
        return;
    }
    report_.dmarc_reports.push_back(std::move(report));
}

void Walk::add_flag(std::uint32_t object, std::string_view flag) {
    auto& flags = report_.objects[object].flags;
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.emplace_back(flag);
}

}  // namespace postern::analyzers
