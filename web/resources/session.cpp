// GET /session: who am I, and the token that unsafe requests need.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/session/cookie.hpp"

namespace postern::web {

Response show_session(Call& call) {
    return json_response({{"user", call.session->user.name},
                          {"role", quarantine::name(call.session->user.role)},
                          {"expires", call.session->expires},
                          {"csrf", csrf_token(call.token)}});
}

}  // namespace postern::web
