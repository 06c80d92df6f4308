/// @file `postern dmarc reports`: what other receivers report of mail in our domains' names.

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "analyzers/base/ascii.hpp"
#include "gateway/cli/open_store.hpp"
#include "gateway/settings/quantity.hpp"
#include "quarantine/report_sum_json.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;
using quarantine::ReportQuery;
using quarantine::ReportSum;
using quarantine::UnixMs;

constexpr std::int64_t kDefaultLimit = 1000;
constexpr std::int64_t kMostShown = 100'000;

[[noreturn]] void refuse_time(const std::string& text) {
    throw UsageError("--since " + text +
                     ": \"2026-01-31\", seconds since 1970 or \"7d\" (before now) is expected");
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Midnight in UTC; nullopt: "2026-02-30" and what is no date.
std::optional<UnixMs> date(const std::string& text) {
    const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                        all_digits(text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2));
    if (!shaped) return std::nullopt;
    std::tm parts{};
    parts.tm_year = std::stoi(text.substr(0, 4)) - 1900;
    parts.tm_mon = std::stoi(text.substr(5, 2)) - 1;
    parts.tm_mday = std::stoi(text.substr(8, 2));
    const std::tm wanted = parts;
    const std::time_t seconds = ::timegm(&parts);  // brings into range what is not
    if (parts.tm_mon != wanted.tm_mon || parts.tm_mday != wanted.tm_mday) return std::nullopt;
    return UnixMs{seconds} * 1000;
}

UnixMs since(const std::string& text) {
    if (const auto day = date(text)) return *day;
    if (all_digits(text) && text.size() <= 12) return UnixMs{std::stoll(text)} * 1000;
    const auto back = settings::parse_duration(text);
    if (!back) refuse_time(text);
    return quarantine::now_ms() - back->count();
}

/// Times in seconds, as everywhere on the command line.
json row_json(const ReportSum& sum) {
    json row = quarantine::to_json(sum);
    row["begin"] = sum.begin / 1000;
    row["end"] = sum.end / 1000;
    return row;
}

std::string or_none(const std::string& text) {
    return text.empty() ? "none" : text;
}

std::string alignment(const ReportSum& sum) {
    if (sum.spf_aligned) return sum.dkim_aligned ? "pass (SPF, DKIM)" : "pass (SPF)";
    return sum.dkim_aligned ? "pass (DKIM)" : "fail";
}

void print_text(const ReportSum& sum) {
    std::cout << sum.count << "  " << sum.source_ip << "  " << alignment(sum) << "  "
              << sum.disposition << (sum.reason == "none" ? "" : " (" + sum.reason + ")")
              << "  From " << or_none(sum.header_from) << "  SPF " << sum.spf << "  DKIM "
              << or_none(sum.dkim) << "  about " << sum.domain << "  by " << sum.reporter << " ("
              << (sum.sender.empty() ? "unauthenticated" : sum.sender) << ")  "
              << utc_time(sum.begin).substr(0, 10) << " to " << utc_time(sum.end).substr(0, 10)
              << "\n";
}

/// What the lines above do not say.
int print_totals(quarantine::Store& store, const ReportQuery& query) {
    const auto totals = store.received_reports().totals(query);
    if (!totals) return complain(totals.error());
    std::cout << totals->reports << " reports, " << totals->unauthenticated
              << " of them unauthenticated, which "
              << (query.unauthenticated ? "are shown" : "--unauthenticated shows") << "; "
              << totals->left_out << " records not listed\n";
    return kFine;
}

int reports(const Arguments& arguments, const Context& context) {
    ReportQuery query;
    query.domain = ascii_lower(arguments.value("domain").value_or(""));
    if (const auto text = arguments.value("since")) query.since = since(*text);
    query.unauthenticated = arguments.has("unauthenticated");
    query.limit =
        static_cast<std::size_t>(arguments.number("limit", 1, kMostShown).value_or(kDefaultLimit));
    const auto store = open_store(context.settings());
    const auto sums = store->received_reports().sums(query);
    if (!sums) return complain(sums.error());
    for (const ReportSum& sum : *sums) {
        if (context.json) {
            std::cout << row_json(sum).dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
        } else {
            print_text(sum);
        }
    }
    return context.json ? kFine : print_totals(*store, query);
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1 || words[0] != "reports") {
        throw UsageError("dmarc takes one word: reports");
    }
    return reports(arguments, context);
}

}  // namespace

Command dmarc_command() {
    return {"dmarc",
            "reports",
            "what others report of mail in our domains' names: messages by address and alignment",
            {{"domain", "DOMAIN", "only about this domain"},
             {"since", "TIME", "only reports that end then or later: 2026-01-31, 7d, 1767225600"},
             {"unauthenticated", "", "those whose sender nobody has proven, instead"},
             {"limit", "N", "lines, 1000 unless told; most messages first"}},
            run};
}

}  // namespace postern::cli
