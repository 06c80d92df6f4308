// POST /messages/bulk: one act on many messages. Each one is done or refused by itself.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {
namespace {

constexpr std::size_t kMaxIds = 500;

/// Empty: done. Else the store's word for why not.
std::string act(Call& call, const std::string& action, const std::string& text) {
    const auto id = quarantine::QuarantineId::parse(text);
    if (!id) return "invalid";
    if (action == "delete") {
        const auto done = call.store.remove(*id, call.actor());
        return done ? std::string{} : std::string(quarantine::name(done.error().kind));
    }
    const auto done = call.store.request_release(*id, {}, call.actor());
    return done ? std::string{} : std::string(quarantine::name(done.error().kind));
}

}  // namespace

Response act_on_many(Call& call) {
    BodyReader body(call.request, {"action", "ids"});
    const std::string action = body.text("action", true);
    const auto ids = body.texts("ids", kMaxIds);
    if (action != "release" && action != "delete") body.complain("action");
    if (ids.empty()) body.complain("ids");
    if (body.error()) return *body.error();
    nlohmann::json results = nlohmann::json::array();
    std::size_t done = 0;
    for (const std::string& id : ids) {
        const std::string error = act(call, action, id);
        if (error.empty()) ++done;
        results.push_back(
            {{"id", id}, {"error", error.empty() ? nlohmann::json() : nlohmann::json(error)}});
    }
    return json_response({{"done", done}, {"results", std::move(results)}});
}

}  // namespace postern::web
