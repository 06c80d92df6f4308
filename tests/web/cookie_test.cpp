#include "web/session/cookie.hpp"

#include <gtest/gtest.h>

namespace postern::web {
namespace {

const std::string kToken(64, 'a');

Request with_cookies(std::vector<std::string> values) {
    Request request{.method = "GET", .path = "/"};
    for (std::string& value : values) request.headers.emplace_back("Cookie", std::move(value));
    return request;
}

TEST(Cookie, TokenIsFoundAmongOthers) {
    EXPECT_EQ(session_token(with_cookies({"a=b; __Host-postern=" + kToken + "; c=d"})), kToken);
    EXPECT_EQ(session_token(with_cookies({"a=b", "__Host-postern=" + kToken})), kToken);
}

TEST(Cookie, AnythingElseIsNoToken) {
    const std::string other(64, 'b');
    const std::vector<std::pair<const char*, std::vector<std::string>>> cases = {
        {"none", {}},
        {"another name", {"postern=" + kToken}},
        {"longer name", {"__Host-postern2=" + kToken}},
        {"too short", {"__Host-postern=abc"}},
        {"odd characters", {"__Host-postern=" + std::string(64, '/')}},
        {"two sessions", {"__Host-postern=" + kToken + "; __Host-postern=" + other}},
    };
    for (const auto& [title, cookies] : cases) {
        SCOPED_TRACE(title);
        EXPECT_EQ(session_token(with_cookies(cookies)), "");
    }
}

TEST(Cookie, IsOutOfReachOfScriptsOtherSitesAndPlainHttp) {
    EXPECT_EQ(
        session_cookie(kToken, std::chrono::seconds(60)),
        "__Host-postern=" + kToken + "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60");
    EXPECT_NE(ended_session_cookie().find("Max-Age=0"), std::string::npos);
}

TEST(CsrfToken, BelongsToOneSessionAndComesOnce) {
    Request request{.method = "POST", .path = "/"};
    EXPECT_FALSE(csrf_token_right(request, kToken));
    request.headers = {{"X-CSRF-Token", csrf_token(kToken)}};
    EXPECT_TRUE(csrf_token_right(request, kToken));
    EXPECT_FALSE(csrf_token_right(request, std::string(64, 'b')));
    request.headers.emplace_back("X-CSRF-Token", csrf_token(kToken));
    EXPECT_FALSE(csrf_token_right(request, kToken));
    EXPECT_EQ(csrf_token(kToken).find(kToken), std::string::npos);
}

}  // namespace
}  // namespace postern::web
