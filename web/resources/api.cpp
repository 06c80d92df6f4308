#include "web/resources/api.hpp"

#include <algorithm>
#include <array>

#include "web/resources/call.hpp"
#include "web/session/cookie.hpp"

namespace postern::web {
namespace {

struct Route {
    RouteName name;
    Response (*answer)(Call&);
};

// The registry: one line per resource. openapi.yaml lists the same.
constexpr std::array kRoutes = {
    Route{{"POST", "/login", Access::Anyone}, login},
    Route{{"POST", "/logout", Access::Reviewer}, logout},
    Route{{"GET", "/session", Access::Reviewer}, show_session},
    Route{{"GET", "/messages", Access::Reviewer}, list_messages},
    Route{{"POST", "/messages/bulk", Access::Reviewer}, act_on_many},
    Route{{"GET", "/messages/{id}", Access::Reviewer}, show_message},
    Route{{"DELETE", "/messages/{id}", Access::Reviewer}, delete_message},
    Route{{"GET", "/messages/{id}/state", Access::Reviewer}, show_state},
    Route{{"POST", "/messages/{id}/release", Access::Reviewer}, release_message},
    Route{{"POST", "/messages/{id}/rescan", Access::Reviewer}, rescan_message},
    Route{{"POST", "/messages/{id}/delete", Access::Reviewer}, delete_message},
    Route{{"GET", "/messages/{id}/download", Access::Reviewer}, download_message},
    Route{{"GET", "/audit", Access::Admin}, list_audit},
    Route{{"GET", "/status", Access::Reviewer}, show_status},
    Route{{"GET", "/dmarc/reports", Access::Reviewer}, list_dmarc_reports},
};

/// True when `path` is of this shape; `id` becomes what stands for {id}.
bool matches(std::string_view shape, std::string_view path, std::string_view& id) {
    constexpr std::string_view kId = "{id}";
    const std::size_t mark = shape.find(kId);
    if (mark == std::string_view::npos) return shape == path;
    if (!path.starts_with(shape.substr(0, mark))) return false;
    path.remove_prefix(mark);
    id = path.substr(0, path.find('/'));
    return path.substr(id.size()) == shape.substr(mark + kId.size());
}

struct Found {
    const Route* route = nullptr;
    std::string_view id;
    std::string allowed;  ///< methods that this path has
};

Found find_route(const Request& request) {
    const std::string_view path = std::string_view(request.path).substr(Api::kPrefix.size());
    const std::string_view method =
        request.method == "HEAD" ? "GET" : std::string_view(request.method);
    Found found;
    for (const Route& route : kRoutes) {
        std::string_view id;
        if (!matches(route.name.path, path, id)) continue;
        // "/messages/bulk" has the shape of "/messages/{id}" too, but is no id.
        if (!id.empty() && !quarantine::QuarantineId::parse(id)) continue;
        found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.name.method);
        if (route.name.method != method) continue;
        found.route = &route;
        found.id = id;
        return found;
    }
    return found;
}

std::optional<Response> refuse_access(Call& call, Access access) {
    if (access == Access::Anyone) return std::nullopt;
    call.token = session_token(call.request);
    if (!call.token.empty()) {
        auto session = call.store.accounts().session(call.token);
        if (!session) return store_failure(session.error());
        call.session = *session;
    }
    if (!call.session) return Response::failure(401, "unauthenticated", "Log in first.");
    if (access == Access::Admin && call.session->user.role != quarantine::Role::Admin) {
        return Response::failure(403, "forbidden", "Only an administrator may do this.");
    }
    if (call.request.unsafe() && !csrf_token_right(call.request, call.token)) {
        return Response::failure(403, "csrf", "X-CSRF-Token is missing or wrong.");
    }
    return std::nullopt;
}

/// Pages of other sites can send forms to us, but not this media type without asking first.
bool json_or_nothing(const Request& request) {
    const std::string_view type = request.header("Content-Type");
    return request.body.empty() || type.substr(0, type.find(';')) == "application/json";
}

}  // namespace

Response Api::answer(const Request& request) {
    const Found found = find_route(request);
    if (found.route == nullptr) {
        if (found.allowed.empty()) return Response::failure(404, "not-found", "No such resource.");
        Response response = Response::failure(405, "method", "This resource has other methods.");
        response.headers.emplace_back("Allow", found.allowed);
        return response;
    }
    Call call{request, store_, settings_, downloads_, logins_};
    if (auto refusal = refuse_access(call, found.route->name.access)) return *refusal;
    if (request.unsafe() && !json_or_nothing(request)) {
        return Response::failure(415, "media-type", "The body must be application/json.");
    }
    if (const auto id = quarantine::QuarantineId::parse(found.id)) call.id = *id;
    return found.route->answer(call);
}

std::vector<RouteName> Api::routes() {
    std::vector<RouteName> names;
    names.reserve(kRoutes.size());
    for (const Route& route : kRoutes) names.push_back(route.name);
    return names;
}

Response store_failure(const quarantine::StoreError& error) {
    using Kind = quarantine::StoreErrorKind;
    const std::string_view word = quarantine::name(error.kind);
    switch (error.kind) {
        case Kind::NotFound:
            return Response::failure(404, word, "There is no such message.");
        case Kind::Conflict:
            return Response::failure(409, word, error.detail);
        case Kind::Invalid:
            return Response::failure(400, word, error.detail);
        case Kind::Busy: {
            Response response = Response::failure(503, word, "The store is busy. Try again.");
            response.headers.emplace_back("Retry-After", "2");
            return response;
        }
        case Kind::Full:
            return Response::failure(507, word, "The store's disk is full.");
        case Kind::WrongKey:
        case Kind::Corrupt:
        case Kind::Io:
            return Response::failure(500, word, "The store could not do it.");
    }
    return Response::failure(500, word, "The store could not do it.");
}

}  // namespace postern::web
