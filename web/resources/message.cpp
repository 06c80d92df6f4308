// GET /messages/{id}: everything that is known of one message. Looking is an act, and is in the
// audit log. GET /messages/{id}/state: what changes, without what the message says; not logged, for
// pages that wait for a delivery.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"

namespace postern::web {
namespace {

constexpr std::size_t kMaxDeliveries = 1000;
constexpr std::size_t kMaxAudit = 200;

nlohmann::json deliveries_json(const std::vector<quarantine::Delivery>& deliveries,
                               const quarantine::QuarantineId& id) {
    nlohmann::json list = nlohmann::json::array();
    for (const quarantine::Delivery& delivery : deliveries) {
        if (delivery.record == id) list.push_back(json_of(delivery));
    }
    return list;
}

nlohmann::json audit_json(const std::vector<quarantine::AuditEntry>& entries) {
    nlohmann::json list = nlohmann::json::array();
    for (const quarantine::AuditEntry& entry : entries) list.push_back(json_of(entry));
    return list;
}

/// What may have changed since a page last asked.
Outcome<nlohmann::json, quarantine::StoreError> state_json(Call& call,
                                                           const quarantine::Record& record) {
    const auto deliveries = call.store.outbox().list(kMaxDeliveries, true);
    if (!deliveries) return Failure{deliveries.error()};
    quarantine::Audit::Query history;
    history.id = *call.id;
    history.limit = kMaxAudit;
    const auto audit = call.store.audit().list(history);
    if (!audit) return Failure{audit.error()};
    const auto asked = call.store.rescans().asked(*call.id);
    if (!asked) return Failure{asked.error()};
    return nlohmann::json({{"message", json_of(record.summary)},
                           {"rescan", record.rescan ? json_of(*record.rescan) : nlohmann::json()},
                           {"rescan_asked", *asked},
                           {"deliveries", deliveries_json(*deliveries, *call.id)},
                           {"audit", audit_json(*audit)}});
}

}  // namespace

Response show_message(Call& call) {
    const auto record = call.store.show(*call.id);
    if (!record) return store_failure(record.error());
    const auto noted = call.store.audit().append(call.actor(), "view", *call.id, {});
    if (!noted) return store_failure(noted.error());
    auto state = state_json(call, *record);
    if (!state) return store_failure(state.error());
    nlohmann::json all = std::move(state).value();
    all["headers"] = record->headers;
    all["preview"] = record->preview;
    all["report"] = report_json(record->report_json);
    if (record->rescan) all["rescan"]["report"] = report_json(record->rescan->report_json);
    return json_response(all);
}

Response show_state(Call& call) {
    const auto record = call.store.show(*call.id);
    if (!record) return store_failure(record.error());
    const auto state = state_json(call, *record);
    return state ? json_response(*state) : store_failure(state.error());
}

}  // namespace postern::web
