// Any bytes as an aggregate report: ends, and what comes out survives the wall of the jail as it
// is, so every text is clean and every number in range. A report or a finding, never both.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/api/codec.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/dmarc_report/dmarc_report.hpp"

namespace {

using namespace postern;
using namespace postern::analyzers;

void require(bool true_thing) {
    if (!true_thing) std::abort();
}

void require_clean(const std::string& text) {
    require(clean_text(text, kMaxDmarcText) == text);
}

void check(const DmarcReport& report) {
    for (const auto* text : {&report.reporter, &report.contact, &report.id, &report.domain}) {
        require_clean(*text);
    }
    require(!report.reporter.empty() && !report.id.empty() && !report.domain.empty());
    require(report.begin <= report.end && report.rows.size() + report.left_out > 0);
    for (const DmarcReportRow& row : report.rows) {
        require_clean(row.header_from);
        require_clean(row.envelope_from);
        require(!row.source_ip.empty() && row.count > 0);
        require(row.header_from.find('@') == std::string::npos);
    }
    Report whole;
    whole.objects.push_back({});
    whole.objects.front().sha256 = std::string(64, '0');
    whole.dmarc_reports.push_back(report);
    const auto back = decode(encode(whole));
    require(back && *back == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Limits limits;
    limits.milliseconds = 3600000;
    Budget budget(limits);
    const Analysis analysis = dmarc_report_analyze({.bytes = std::as_bytes(std::span{data, size}),
                                                    .type = "dmarc-report",
                                                    .mime = "application/xml",
                                                    .name = "a!b!1!2.xml",
                                                    .declared_mime = {}},
                                                   budget);
    require(analysis.limits.empty() && analysis.errors.empty() && analysis.children.empty());
    require(analysis.dmarc_report.has_value() != (analysis.findings.size() == 1));
    if (analysis.dmarc_report) check(*analysis.dmarc_report);
    return 0;
}
