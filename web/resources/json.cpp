#include "web/resources/json.hpp"

#include <nlohmann/json.hpp>

namespace postern::web {
namespace {

using nlohmann::json;
constexpr int kMaxReportDepth = 32;  // writing a value as text recurses

json recipients_json(const std::vector<quarantine::Recipient>& recipients) {
    json list = json::array();
    for (const quarantine::Recipient& recipient : recipients) {
        list.push_back({{"forward_path", recipient.forward_path},
                        {"state", quarantine::name(recipient.state)},
                        {"detail", recipient.detail},
                        {"changed", recipient.changed}});
    }
    return list;
}

}  // namespace

json json_of(const quarantine::Summary& summary) {
    return {{"id", summary.id.text()},
            {"received", summary.received},
            {"client_ip", summary.client_ip},
            {"client_name", summary.client_name ? json(*summary.client_name) : json()},
            {"helo", summary.helo},
            {"reverse_path", summary.reverse_path},
            {"recipients", recipients_json(summary.recipients)},
            {"subject", summary.subject},
            {"from", summary.from},
            {"message_id", summary.message_id},
            {"size", summary.size},
            {"sha256", summary.sha256},
            {"class", quarantine::name(summary.verdict)},
            {"action", quarantine::name(summary.action)},
            {"score", summary.score},
            {"reasons", summary.reasons},
            {"status", quarantine::name(summary.status)},
            {"changed", summary.changed}};
}

json json_of(const quarantine::AuditEntry& entry) {
    return {{"number", entry.number}, {"time", entry.time},
            {"who", entry.who.name},  {"remote", entry.who.remote},
            {"act", entry.act},       {"message", entry.id ? json(*entry.id) : json()},
            {"detail", entry.detail}};
}

json json_of(const quarantine::Delivery& delivery) {
    return {{"number", delivery.number},
            {"forward_path", delivery.forward_path},
            {"state", quarantine::name(delivery.state)},
            {"confirmed", delivery.confirmed},
            {"requested_by", delivery.requested_by},
            {"requested", delivery.requested},
            {"attempts", delivery.attempts},
            {"due", delivery.due},
            {"detail", delivery.detail}};
}

json json_of(const quarantine::ReleaseRequest& request) {
    return {{"queued", request.queued},
            {"confirmed", request.confirmed},
            {"unchanged", request.unchanged}};
}

json json_of(const quarantine::Rescan& rescan) {
    return {{"time", rescan.time},
            {"who", rescan.who},
            {"class", quarantine::name(rescan.verdict)},
            {"action", quarantine::name(rescan.action)},
            {"score", rescan.score},
            {"reasons", rescan.reasons}};
}

json report_json(const std::string& stored) {
    bool deep = false;
    const auto watch = [&](int depth, json::parse_event_t, json&) {
        deep = deep || depth > kMaxReportDepth;
        return depth <= kMaxReportDepth;
    };
    json parsed = json::parse(stored, watch, false);
    return deep || parsed.is_discarded() ? json() : parsed;
}

Response json_response(const json& value) {
    Response response;
    response.body = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return response;
}

}  // namespace postern::web
