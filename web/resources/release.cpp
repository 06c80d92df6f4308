// POST /messages/{id}/release: a wish, written into the outbox. The gateway rescans and delivers.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {

Response release_message(Call& call) {
    BodyReader body(call.request, {"recipients", "confirm"});
    const auto recipients = body.texts("recipients", quarantine::kMaxRecipients);
    const bool confirm = body.flag("confirm");
    if (body.error()) return *body.error();
    const auto done = call.store.request_release(*call.id, recipients, call.actor(), confirm);
    if (!done) return store_failure(done.error());
    return json_response(json_of(*done));
}

}  // namespace postern::web
