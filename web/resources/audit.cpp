// GET /audit: who did what, newest first.
#include <limits>
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {
namespace {

std::optional<quarantine::QuarantineId> parse_id(std::string_view text) {
    const auto id = quarantine::QuarantineId::parse(text);
    return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

Response list_audit(Call& call) {
    QueryReader reader(call.request, {"message", "who", "act", "before", "limit"});
    quarantine::Audit::Query query;
    query.id = reader.word("message", parse_id);
    query.who = reader.text("who");
    query.act = reader.text("act");
    query.before = reader.number("before", 1, std::numeric_limits<std::int64_t>::max(), 0);
    query.limit = static_cast<std::size_t>(reader.number("limit", 1, 1000, 100));
    if (reader.error()) return *reader.error();
    const auto entries = call.store.audit().list(query);
    if (!entries) return store_failure(entries.error());
    nlohmann::json list = nlohmann::json::array();
    for (const quarantine::AuditEntry& entry : *entries) list.push_back(json_of(entry));
    const bool more = entries->size() == query.limit;
    return json_response({{"entries", std::move(list)},
                          {"next", more ? nlohmann::json(entries->back().number) : nullptr}});
}

}  // namespace postern::web
