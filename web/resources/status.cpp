// GET /status: what is held, what is owed, and a token that changes whenever a record does.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"

namespace postern::web {

Response show_status(Call& call) {
    const auto counts = call.store.counts();
    if (!counts) return store_failure(counts.error());
    const auto owed = call.store.outbox().pending();
    if (!owed) return store_failure(owed.error());
    const auto token = call.store.change_token();
    if (!token) return store_failure(token.error());
    nlohmann::json held = nlohmann::json::object();
    for (std::size_t i = 0; i < counts->held.size(); ++i) {
        held[std::string(quarantine::name(static_cast<quarantine::VerdictClass>(i)))] = {
            {"messages", counts->held.at(i).messages}, {"bytes", counts->held.at(i).bytes}};
    }
    return json_response({{"held", std::move(held)},
                          {"released", counts->released},
                          {"deleted", counts->deleted},
                          {"queue", *owed},
                          {"change_token", *token}});
}

}  // namespace postern::web
