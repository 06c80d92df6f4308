#include "web/server/guard.hpp"

#include <gtest/gtest.h>

namespace postern::web {
namespace {

Request request(const std::string& method, std::vector<Field> headers) {
    return Request{.method = method, .path = "/", .headers = std::move(headers)};
}

int status_of(const Request& request, const GuardSettings& settings = {}) {
    const auto refusal = refuse(request, settings);
    EXPECT_TRUE(!refusal || refusal->close);
    return refusal ? refusal->status : 200;
}

TEST(Guard, JudgesMethodFramingAndHost) {
    struct Case {
        const char* title;
        Request request;
        int status;
    };
    const Field host{"Host", "localhost:8443"};
    const std::vector<Case> cases = {
        {"plain", request("GET", {host}), 200},
        {"names of fields in any case", request("GET", {{"hOST", "127.0.0.1"}}), 200},
        {"IPv6 literal", request("GET", {{"Host", "[::1]:8443"}}), 200},
        {"method we do not have", request("TRACE", {host}), 501},
        {"method in lower case", request("get", {host}), 501},
        {"no Host", request("GET", {}), 400},
        {"two Hosts", request("GET", {host, host}), 400},
        {"another name (DNS rebinding)", request("GET", {{"Host", "evil.example:8443"}}), 421},
        {"Host with user", request("GET", {{"Host", "localhost@evil.example"}}), 421},
        {"Host with a port that is none", request("GET", {{"Host", "localhost:x"}}), 400},
        {"two lengths", request("POST", {host, {"Content-Length", "1"}, {"Content-Length", "1"}}),
         400},
        {"length with sign", request("POST", {host, {"Content-Length", "+1"}}), 400},
        {"list of lengths", request("POST", {host, {"Content-Length", "1, 1"}}), 400},
        {"length beyond any integer",
         request("POST", {host, {"Content-Length", "99999999999999999999999"}}), 400},
        {"chunked", request("POST", {host, {"Transfer-Encoding", "chunked"}}), 501},
        {"chunked and length",
         request("POST", {host, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}), 501},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(status_of(c.request), c.status);
    }
}

TEST(Guard, BodyLimitHoldsAtItsEdge) {
    const GuardSettings settings{.max_body = 100};
    EXPECT_EQ(
        status_of(request("POST", {{"Host", "localhost"}, {"Content-Length", "100"}}), settings),
        200);
    EXPECT_EQ(
        status_of(request("POST", {{"Host", "localhost"}, {"Content-Length", "101"}}), settings),
        413);
}

TEST(Guard, ChangesComeFromOurOwnPageOnly) {
    struct Case {
        const char* title;
        std::vector<Field> extra;
        int status;
    };
    const std::vector<Case> cases = {
        {"a program, no browser", {}, 200},
        {"our page",
         {{"Origin", "https://localhost:8443"}, {"Sec-Fetch-Site", "same-origin"}},
         200},
        {"another site", {{"Origin", "https://evil.example"}}, 403},
        {"another port", {{"Origin", "https://localhost:9999"}}, 403},
        {"without TLS", {{"Origin", "http://localhost:8443"}}, 403},
        {"opaque origin", {{"Origin", "null"}}, 403},
        {"two origins",
         {{"Origin", "https://localhost:8443"}, {"Origin", "https://localhost:8443"}},
         403},
        {"cross-site by the browser's word", {{"Sec-Fetch-Site", "cross-site"}}, 403},
        {"same site but another host", {{"Sec-Fetch-Site", "same-site"}}, 403},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        std::vector<Field> headers = {{"Host", "localhost:8443"}};
        headers.insert(headers.end(), c.extra.begin(), c.extra.end());
        EXPECT_EQ(status_of(request("POST", headers)), c.status);
        EXPECT_EQ(status_of(request("GET", headers)), 200);  // reading changes nothing
    }
}

}  // namespace
}  // namespace postern::web
