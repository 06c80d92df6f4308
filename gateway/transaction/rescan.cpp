#include "gateway/transaction/rescan.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "analyzers/api/json.hpp"
#include "gateway/transaction/sign.hpp"
#include "gateway/transaction/trace_fields.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::transaction {
namespace {

using verdict::Action;

constexpr std::size_t kMostNamed = 10;

bool matters(double score, bool has_class, const std::string& mode) {
    return mode != "monitor" && (score > 0 || has_class);
}

std::string joined(const std::vector<std::string>& concerns) {
    std::string text;
    for (std::size_t i = 0; i < concerns.size() && i < kMostNamed; ++i) {
        text += (i == 0 ? "" : "; ") + concerns[i];
    }
    return text;
}

std::string trace(const Services& services, const quarantine::Record& record,
                  const verdict::Judgement& judgement, int message) {
    TraceFacts facts;
    facts.hostname = services.settings.smtp.hostname;
    facts.helo = record.summary.helo;
    facts.client_ip = record.summary.client_ip;
    facts.id = record.summary.id.text();
    facts.time = std::time(nullptr);
    const std::string fields =
        verdict_field(judgement, Action::Deliver, facts.id) + received_field(facts);
    return signature_fields(services, message, fields) + fields;
}

}  // namespace

std::vector<std::string> concerns(const analyzers::Report& report,
                                  const verdict::Verdict& verdict) {
    std::vector<std::string> found;
    for (const verdict::Weighed& each : verdict.findings) {
        const bool has_class = each.finding.category != analyzers::Category::None;
        const std::string mode = each.mode == verdict::Mode::Monitor ? "monitor" : "enforce";
        if (matters(each.finding.score, has_class, mode)) {
            found.push_back(each.finding.code + ": " + each.finding.detail);
        }
    }
    for (const auto& error : report.errors) {
        found.push_back("not scanned by " + error.analyzer + ": " +
                        std::string(analyzers::word(error.code)));
    }
    if (!report.limits.empty()) found.emplace_back("limits reached");
    return found;
}

std::vector<std::string> concerns_of_json(const std::string& scan_json) {
    using nlohmann::json;
    std::vector<std::string> found;
    const json scan = json::parse(scan_json, nullptr, false);
    if (!scan.is_object()) return found;
    for (const json& finding : scan.value("findings", json::array())) {
        found.push_back(finding.value("code", "") + ": " + finding.value("detail", ""));
    }
    const json analysis = scan.value("analysis", json::object());
    for (const json& error : analysis.value("errors", json::array())) {
        found.push_back("not scanned by " + error.value("analyzer", "") + ": " +
                        error.value("code", ""));
    }
    if (!analysis.value("limits", json::array()).empty()) found.emplace_back("limits reached");
    return found;
}

relay::Decision rescan(const Services& services, const quarantine::Record& record, int message) {
    const settings::Analysis& analysis = services.settings.analysis;
    const auto report = services.door.analyze(message, record.summary.size,
                                              host::MessageKind::Message, analysis.limits,
                                              std::chrono::steady_clock::now() + analysis.deadline);
    if (!report) return relay::RetryLater{"no analyzer to look at it again"};
    std::vector<std::string> recipients;
    for (const auto& each : record.summary.recipients) recipients.push_back(each.forward_path);
    const verdict::Verdict verdict =
        verdict::decide(*report, services.settings.policy, record.summary.reverse_path, recipients);
    // What no client brought is ours, a report: signed already, and received from nobody.
    const std::string prefix = record.summary.client_ip.empty()
                                   ? std::string()
                                   : trace(services, record, verdict.worst, message);
    const Action action = verdict.worst.action;
    if (action == Action::Deliver || action == Action::Tag) return relay::DeliverNow{prefix};

    const std::vector<std::string> seen = concerns_of_json(record.report_json);
    std::vector<std::string> fresh;
    for (const std::string& each : concerns(*report, verdict)) {
        if (std::find(seen.begin(), seen.end(), each) == seen.end()) fresh.push_back(each);
    }
    if (fresh.empty()) return relay::DeliverNow{prefix};
    return relay::NeedsConfirmation{joined(fresh), prefix};
}

}  // namespace postern::transaction
