// Who may do what: sessions, roles, CSRF tokens, throttling. Over real HTTPS, on a real store.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/web/running_api.hpp"

namespace postern::web_tests {
namespace {

using nlohmann::json;

std::string error_of(const Answer& answer) {
    return json::parse(answer.body).at("error");
}

std::string without_csrf(const std::string& session) {
    return session.substr(0, session.find("X-CSRF-Token"));
}

TEST(Access, EveryRouteButLoginNeedsASession) {
    RunningApi api;
    const auto id = api.put(plain_message("a", quarantine::now_ms()));
    for (const web::RouteName& route : web::Api::routes()) {
        SCOPED_TRACE(std::string(route.method) + " " + std::string(route.path));
        std::string path(route.path);
        if (const auto at = path.find("{id}"); at != std::string::npos) {
            path.replace(at, 4, id.text());
        }
        const Answer answer = api.ask(std::string(route.method), "/api/v1" + path);
        if (route.access == web::Access::Anyone) {
            EXPECT_EQ(answer.status, 400);  // POST /login without a body
        } else {
            EXPECT_EQ(answer.status, 401);
        }
    }
}

TEST(Access, EveryChangeNeedsTheCsrfTokenOfItsSession) {
    RunningApi api;
    const auto id = api.put(plain_message("a", quarantine::now_ms()));
    const std::string rita = api.login("rita");
    const std::string admin = api.login("admin");
    const std::string foreign = without_csrf(rita) + admin.substr(admin.find("X-CSRF-Token"));
    for (const web::RouteName& route : web::Api::routes()) {
        if (route.method == "GET" || route.access == web::Access::Anyone) continue;
        SCOPED_TRACE(std::string(route.method) + " " + std::string(route.path));
        std::string path(route.path);
        if (const auto at = path.find("{id}"); at != std::string::npos) {
            path.replace(at, 4, id.text());
        }
        for (const std::string& session : {without_csrf(rita), foreign}) {
            const Answer answer = api.ask(std::string(route.method), "/api/v1" + path, session);
            EXPECT_EQ(answer.status, 403);
            EXPECT_EQ(error_of(answer), "csrf");
        }
    }
    EXPECT_EQ(api.store().show(id)->summary.status, quarantine::Status::Held);
}

TEST(Access, TheAuditLogIsForAdministrators) {
    RunningApi api;
    EXPECT_EQ(api.ask("GET", "/api/v1/audit", api.login("rita")).status, 403);
    EXPECT_EQ(api.ask("GET", "/api/v1/audit", api.login("admin")).status, 200);
}

TEST(Access, LogoutEndsTheSession) {
    RunningApi api;
    const std::string session = api.login("rita");
    const Answer who = api.ask("GET", "/api/v1/session", session);
    EXPECT_EQ(json::parse(who.body).at("user"), "rita");
    EXPECT_EQ(json::parse(who.body).at("role"), "reviewer");
    const Answer out = api.ask("POST", "/api/v1/logout", session);
    EXPECT_EQ(out.status, 200);
    EXPECT_NE(out.header("set-cookie").find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(api.ask("GET", "/api/v1/session", session).status, 401);
}

TEST(Access, ADisabledUserIsOut) {
    RunningApi api;
    const std::string session = api.login("rita");
    ASSERT_TRUE(api.store().accounts().set_disabled("rita", true, {"test"}));
    EXPECT_EQ(api.ask("GET", "/api/v1/messages", session).status, 401);
}

TEST(Access, WrongNameAndWrongPasswordLookAlike) {
    RunningApi api;
    const Answer name =
        api.ask("POST", "/api/v1/login", {}, R"({"user":"nobody","password":"a wrong password"})");
    const Answer password =
        api.ask("POST", "/api/v1/login", {}, R"({"user":"rita","password":"a wrong password"})");
    EXPECT_EQ(name.status, 401);
    EXPECT_EQ(name.body, password.body);
    EXPECT_EQ(name.header("set-cookie"), "");
}

TEST(Access, GuessingIsThrottled) {
    RunningApi api;  // three failures per account
    const std::string guess = R"({"user":"rita","password":"a wrong password"})";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(api.ask("POST", "/api/v1/login", {}, guess).status, 401);
    const Answer throttled = api.ask("POST", "/api/v1/login", {}, guess);
    EXPECT_EQ(throttled.status, 429);
    EXPECT_FALSE(throttled.header("retry-after").empty());
    EXPECT_NO_THROW((void)api.login("admin"));
}

TEST(Access, LoginTakesJsonOnly) {
    RunningApi api;
    const std::string body = R"({"user":"rita","password":"correct horse battery"})";
    TlsClient client(api.endpoint());
    client.send(
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(client.read()->status, 415);
}

TEST(Access, LoginBodiesAreReadStrictly) {
    RunningApi api;
    for (const char* body :
         {"{}", "[]", "{", R"({"user":"rita"})", R"({"user":"rita","password":1})",
          R"({"user":"rita","password":"x","more":1})",
          R"({"user":[[[[["rita"]]]]],"password":"x"})"}) {
        SCOPED_TRACE(body);
        EXPECT_EQ(api.ask("POST", "/api/v1/login", {}, body).status, 400);
    }
}

TEST(Access, UnknownPathsAndMethodsAreSaid) {
    RunningApi api;
    const std::string session = api.login("rita");
    EXPECT_EQ(api.ask("GET", "/api/v1/nothing", session).status, 404);
    EXPECT_EQ(api.ask("GET", "/api/v1/messages/no-id", session).status, 404);
    const Answer method = api.ask("DELETE", "/api/v1/messages", session);
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(method.header("allow"), "GET");
}

}  // namespace
}  // namespace postern::web_tests
