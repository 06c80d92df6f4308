// GET /dmarc/reports: what other receivers report of mail in our domains' names.
#include <nlohmann/json.hpp>

#include "analyzers/base/ascii.hpp"
#include "quarantine/report_sum_json.hpp"
#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {
namespace {

using nlohmann::json;
using quarantine::ReportOverview;
using quarantine::ReportQuery;
using quarantine::ReportSum;
using quarantine::ReportTotals;

constexpr std::int64_t kMostRows = 2000;
constexpr std::int64_t kMostDomains = 100;  // a stranger's report may be about any number of them
constexpr auto kMaxTime = static_cast<std::int64_t>(analyzers::kMaxDmarcTime) * 1000;

std::optional<bool> parse_flag(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

ReportQuery query_of(QueryReader& reader) {
    ReportQuery query;
    query.domain = ascii_lower(reader.text("domain"));
    if (query.domain.size() > analyzers::kMaxDmarcText) reader.complain("domain");
    query.since = reader.number("since", 0, kMaxTime, 0);
    query.unauthenticated = reader.word("unauthenticated", parse_flag).value_or(false);
    query.failing = reader.word("failing", parse_flag).value_or(false);
    query.limit = static_cast<std::size_t>(reader.number("limit", 1, kMostRows, 500));
    return query;
}

json domains_json(const ReportOverview& overview) {
    json list = json::array();
    for (const quarantine::ReportedDomain& each : overview.largest) {
        list.push_back({{"domain", each.domain},
                        {"count", each.count},
                        {"pass", each.aligned},
                        {"fail", each.count - each.aligned},
                        {"sources", each.sources}});
    }
    return list;
}

/// `left_out` is that of the reports whose rows are shown.
json totals_json(const ReportTotals& totals, const ReportOverview& overview, bool unauthenticated) {
    const std::uint64_t unproven = totals.unauthenticated_left_out;
    return {{"reports", totals.reports},
            {"unauthenticated", totals.unauthenticated},
            {"left_out", unauthenticated ? unproven : totals.left_out - unproven},
            {"count", overview.count},
            {"pass", overview.aligned},
            {"fail", overview.count - overview.aligned},
            {"rows", overview.sums},
            {"domains", overview.domains},
            {"kept", totals.rows}};
}

}  // namespace

Response list_dmarc_reports(Call& call) {
    QueryReader reader(call.request, {"domain", "since", "unauthenticated", "failing", "limit"});
    const ReportQuery query = query_of(reader);
    if (reader.error()) return *reader.error();
    const auto& reports = call.store.received_reports();
    const auto sums = reports.sums(query);
    if (!sums) return store_failure(sums.error());
    const auto overview = reports.overview(query, kMostDomains);
    if (!overview) return store_failure(overview.error());
    const auto totals = reports.totals(query);
    if (!totals) return store_failure(totals.error());
    json rows = json::array();
    for (const ReportSum& sum : *sums) rows.push_back(quarantine::to_json(sum));
    return json_response({{"rows", std::move(rows)},
                          {"domains", domains_json(*overview)},
                          {"totals", totals_json(*totals, *overview, query.unauthenticated)},
                          {"limits", {{"rows", query.limit}, {"domains", kMostDomains}}}});
}

}  // namespace postern::web
