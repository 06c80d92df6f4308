// POST /messages/{id}/rescan: a wish, written into the store. The gateway looks at the message
// again and puts the report beside the record; it releases nothing.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {

Response rescan_message(Call& call) {
    const BodyReader body(call.request, {});
    if (body.error()) return *body.error();
    const auto fresh = call.store.rescans().ask(*call.id, call.actor());
    if (!fresh) return store_failure(fresh.error());
    return json_response({{"asked", *fresh}});
}

}  // namespace postern::web
