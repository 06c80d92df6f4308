#include "tests/web/received_reports.hpp"

#include <algorithm>

namespace postern::web_tests {
namespace {

using analyzers::DmarcAction;
using analyzers::DmarcAuthResult;
using analyzers::DmarcOverride;
using analyzers::DmarcReport;
using analyzers::DmarcReportRow;

constexpr std::uint64_t kDay = 24 * 3600;

DmarcReportRow aligned(const std::string& source, std::uint64_t count) {
    return {.source_ip = source,
            .count = count,
            .disposition = DmarcAction::None,
            .dkim_aligned = true,
            .spf_aligned = true,
            .header_from = "example.org",
            .envelope_from = "bounce.example.org",
            .dkim = {{"example.org", "s1", DmarcAuthResult::Pass}},
            .spf_domain = "bounce.example.org",
            .spf = DmarcAuthResult::Pass};
}

DmarcReportRow failing(const std::string& source, std::uint64_t count) {
    DmarcReportRow row = aligned(source, count);
    row.disposition = DmarcAction::Reject;
    row.dkim_aligned = row.spf_aligned = false;
    row.dkim.clear();
    row.spf = DmarcAuthResult::SoftFail;
    row.spf_domain = row.envelope_from = "spam.example";
    return row;
}

DmarcReportRow forwarded() {
    DmarcReportRow row = failing("2001:db8:85a3:8d3:1319:8a2e:370:7348", 25);
    row.disposition = DmarcAction::None;
    row.reason = DmarcOverride::MailingList;
    row.dkim = {{"example.org", "s1", DmarcAuthResult::Fail},
                {"lists.example", "list-key-2026", DmarcAuthResult::Pass}};
    return row;
}

/// What an attacker would write who knows that a browser shows it.
DmarcReportRow hostile() {
    DmarcReportRow row = failing("203.0.113.66", 20);
    row.header_from = "<img src=x onerror=\"document.title='owned'\"> \u202egnp.exe {@html}";
    row.envelope_from = "javascript:alert(1)";
    row.spf_domain = "http://attacker.example/" + std::string(200, 'w');
    row.dkim = {{"<script>document.title='owned'</script>", "\"'&amp;", DmarcAuthResult::Fail}};
    return row;
}

std::vector<DmarcReportRow> rows_of(int wanted) {
    DmarcReportRow spf_only = aligned("192.0.2.2", 50);
    spf_only.dkim_aligned = false;
    DmarcReportRow dkim_only = aligned("2001:db8::25", 5);
    dkim_only.spf_aligned = false;
    std::vector<DmarcReportRow> rows = {aligned("192.0.2.1", 1000),
                                        failing("198.51.100.9", 100),
                                        spf_only,
                                        forwarded(),
                                        hostile(),
                                        dkim_only};
    rows.resize(static_cast<std::size_t>(std::min(wanted, 6)));
    for (int i = 6; i < wanted; ++i) {
        rows.push_back(failing("2001:db8:0:1::" + std::to_string(i), 1));
    }
    return rows;
}

DmarcReport report(const std::string& id, std::uint64_t end, std::vector<DmarcReportRow> rows) {
    return {.object = 1,
            .reporter = "Receiver & Sons",
            .contact = "dmarc@receiver.example",
            .id = id,
            .domain = "example.org",
            .policy = DmarcAction::Reject,
            .begin = end - kDay + 1,
            .end = end,
            .left_out = 3,
            .rows = std::move(rows)};
}

}  // namespace

std::vector<ReceivedReport> received_reports(quarantine::UnixMs now, int rows) {
    if (rows < 1) return {};
    const std::uint64_t yesterday = static_cast<std::uint64_t>(now) / 1000 / kDay * kDay - 1;
    std::vector<ReceivedReport> all = {
        {report("new", yesterday, rows_of(rows)), "receiver.example"}};
    if (rows < 6) return all;
    all.push_back(
        {report("old", yesterday - 200 * kDay, {failing("192.0.2.200", 7)}), "receiver.example"});
    DmarcReport other = report("other", yesterday - 10 * kDay, {aligned("192.0.2.3", 40)});
    other.domain = "a-rather-long-label-of-a-subsidiary." + std::string(60, 'x') + ".example.net";
    other.rows[0].header_from = other.domain;
    all.push_back({other, "other-receiver.example"});
    DmarcReport unproven = report("unproven", yesterday, {failing("192.0.2.66", 99999)});
    unproven.reporter = "<b>Receiver</b>";
    unproven.left_out = 9;
    all.push_back({unproven, ""});
    return all;
}

}  // namespace postern::web_tests
