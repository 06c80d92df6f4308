// DELETE /messages/{id} and POST /messages/{id}/delete: removes the bytes; the record stays.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {

Response delete_message(Call& call) {
    const BodyReader body(call.request, {});
    if (body.error()) return *body.error();
    const auto done = call.store.remove(*call.id, call.actor());
    if (!done) return store_failure(done.error());
    return json_response({{"deleted", call.id->text()}});
}

}  // namespace postern::web
