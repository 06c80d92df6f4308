// POST /logout: ends the session, here and in the browser.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/session/cookie.hpp"

namespace postern::web {

Response logout(Call& call) {
    const auto done = call.store.accounts().logout(call.token);
    if (!done) return store_failure(done.error());
    Response response = json_response({{"ended", true}});
    response.headers.emplace_back("Set-Cookie", ended_session_cookie());
    return response;
}

}  // namespace postern::web
