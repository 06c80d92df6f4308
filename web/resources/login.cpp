// POST /login: name and password for a session cookie. Needs no CSRF token, since there is no
// session yet; a foreign page is kept out by the media type, the Origin check and SameSite=Strict.
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"
#include "web/session/cookie.hpp"

namespace postern::web {
namespace {

Response refused(quarantine::LoginError error) {
    if (error == quarantine::LoginError::Refused) {
        return Response::failure(401, "refused", "Name or password is wrong.");
    }
    const bool throttled = error == quarantine::LoginError::Throttled;
    Response response =
        throttled ? Response::failure(429, "throttled", "Too many failed logins. Wait a while.")
                  : Response::failure(503, "store", "The store could not be asked. Try again.");
    response.headers.emplace_back("Retry-After", throttled ? "900" : "2");
    return response;
}

}  // namespace

Response login(Call& call) {
    BodyReader body(call.request, {"user", "password"});
    const std::string user = body.text("user", true);
    const std::string password = body.text("password", true);
    if (body.error()) return *body.error();
    const Turn turn(call.logins, call.settings.logins_at_once);
    if (!turn.granted()) {
        Response response = Response::failure(429, "busy", "Too many logins at once. Try again.");
        response.headers.emplace_back("Retry-After", "2");
        return response;
    }
    const auto session = call.store.accounts().login(user, password, call.request.remote,
                                                     call.settings.session_time);
    if (!session) return refused(session.error());
    Response response = json_response({{"user", session->user.name},
                                       {"role", quarantine::name(session->user.role)},
                                       {"expires", session->expires},
                                       {"csrf", csrf_token(session->token)}});
    response.headers.emplace_back("Set-Cookie",
                                  session_cookie(session->token, call.settings.session_time));
    return response;
}

}  // namespace postern::web
