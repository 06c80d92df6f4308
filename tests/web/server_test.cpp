#include "web/server/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "tests/web/certificate.hpp"
#include "tests/web/tls_client.hpp"
#include "web/server/security_headers.hpp"

namespace postern::web {
namespace {

using web_tests::Answer;
using web_tests::request_text;
using web_tests::TlsClient;

/// Answers with method, path, query and body, so that tests see what was read.
Response echo(const Request& request) {
    Response response;
    response.body = request.method + " " + request.path;
    for (const auto& [name, value] : request.query) response.body += " " + name + "=" + value;
    response.body += "|" + request.body;
    return response;
}

class ServerTest : public ::testing::Test {
protected:
    void start(ServerSettings settings = {}, Handler handler = echo) {
        const auto certificate = web_tests::make_certificate();
        settings.certificate = certificate.certificate;
        settings.key = certificate.key;
        auto listener = listen_on("127.0.0.1:0");
        ASSERT_TRUE(listener) << listener.error();
        endpoint_ = local_endpoint(listener->get());
        auto server = Server::start(std::move(listener).value(), settings, std::move(handler));
        ASSERT_TRUE(server) << server.error();
        server_ = std::move(server).value();
    }
    int status_of(const std::string& bytes) {
        TlsClient client(endpoint_);
        client.send(bytes);
        const auto answer = client.read();
        return answer ? answer->status : 0;
    }

    std::string endpoint_;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
    start();
    TlsClient client(endpoint_);
    client.send(request_text("GET", "/one?a=b"));
    EXPECT_EQ(client.read()->body, "GET /one a=b|");
    client.send(request_text("POST", "/two", {}, "{}"));
    EXPECT_EQ(client.read()->body, "POST /two|{}");
    client.send(request_text("GET", "/three") + request_text("GET", "/four"));
    EXPECT_EQ(client.read()->body, "GET /three|");
    EXPECT_EQ(client.read()->body, "GET /four|");
}

TEST_F(ServerTest, EveryAnswerCarriesTheSecurityHeaders) {
    start();
    for (const char* bytes : {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                              "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "nonsense\r\n\r\n"}) {
        SCOPED_TRACE(bytes);
        TlsClient client(endpoint_);
        client.send(bytes);
        const auto answer = client.read();
        ASSERT_TRUE(answer);
        for (const auto& [name, value] : security_headers()) {
            std::string lower = name;
            for (char& c : lower)
                c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            EXPECT_EQ(answer->header(lower), value);
        }
        EXPECT_EQ(answer->header("cache-control"), "no-store");
        EXPECT_EQ(answer->header("server"), "");
    }
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
    start();
    TlsClient client(endpoint_);
    client.send(request_text("HEAD", "/a") + request_text("GET", "/b"));
    const auto head = client.read(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->header("content-length"), "8");
    EXPECT_EQ(client.read()->body, "GET /b|");
}

TEST_F(ServerTest, WhatIsFramedTwiceIsRefusedAndTheConnectionClosed) {
    start();
    struct Case {
        const char* title;
        std::string bytes;
        int status;
    };
    const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const std::vector<Case> cases = {
        {"two lengths",
         "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 50\r\n\r\n",
         400},
        {"length and chunked",
         "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         501},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 400},
        {"too many fields",
         "GET / HTTP/1.1\r\nHost: localhost\r\n" +
             [] {
                 std::string fields;
                 for (int i = 0; i < 200; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
                 return fields;
             }() +
             "\r\n",
         400},
        {"field too long",
         "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20000, 'x') + "\r\n\r\n", 400},
        {"address too long",
         "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"no HTTP at all", "EHLO example.org\r\n\r\n", 400},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        TlsClient client(endpoint_);
        client.send(c.bytes + smuggled);
        const auto answer = client.read();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, c.status);
        EXPECT_FALSE(client.read()) << "the bytes behind it were read as a request";
    }
}

TEST_F(ServerTest, BodyLimitHoldsAtItsEdge) {
    ServerSettings settings;
    settings.guard.max_body = 10;
    start(settings);
    EXPECT_EQ(status_of(request_text("POST", "/", {}, std::string(10, 'a'))), 200);
    EXPECT_EQ(status_of(request_text("POST", "/", {}, std::string(11, 'a'))), 413);
}

TEST_F(ServerTest, AClientThatSendsNowAndThenIsCutOff) {
    ServerSettings settings;
    settings.request_time = std::chrono::milliseconds(300);
    start(settings);
    TlsClient client(endpoint_);
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n");
    // A byte more often than the silence limit, for as long as the server lets us.
    bool cut = false;
    for (int i = 0; i < 200 && !cut; ++i) {
        try {
            client.send("X");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        } catch (const std::exception&) {
            cut = true;
        }
    }
    EXPECT_TRUE(cut);
}

TEST_F(ServerTest, ASilentClientIsCutOff) {
    ServerSettings settings;
    settings.silence = std::chrono::milliseconds(200);
    start(settings);
    TlsClient client(endpoint_);
    EXPECT_TRUE(client.closed_within(4));
}

TEST_F(ServerTest, OneClientHasAtMostItsShareOfConnections) {
    ServerSettings settings;
    settings.connections_per_client = 3;
    start(settings);
    std::vector<std::unique_ptr<TlsClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<TlsClient>(endpoint_));
        clients.back()->send(request_text("GET", "/"));
        ASSERT_TRUE(clients.back()->read());
    }
    bool served = true;
    try {
        TlsClient fourth(endpoint_);
        fourth.send(request_text("GET", "/"));
        served = fourth.read().has_value();
    } catch (const std::exception&) {
        served = false;
    }
    EXPECT_FALSE(served);
}

TEST_F(ServerTest, AStopLetsARunningRequestEnd) {
    std::latch inside(1);
    std::latch go_on(1);
    start({}, [&](const Request& request) {
        inside.count_down();
        go_on.wait();
        return echo(request);
    });
    TlsClient client(endpoint_);
    client.send(request_text("GET", "/slow"));
    inside.wait();
    std::thread stop([&] { server_.reset(); });
    go_on.count_down();
    const auto answer = client.read();
    stop.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "GET /slow|");
}

TEST_F(ServerTest, AStopDoesNotWaitForIdleConnections) {
    ServerSettings settings;
    settings.stop_grace = std::chrono::seconds(30);
    settings.keep_alive = std::chrono::seconds(30);
    start(settings);
    TlsClient client(endpoint_);
    client.send(request_text("GET", "/"));
    ASSERT_TRUE(client.read());
    const auto before = std::chrono::steady_clock::now();
    server_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST(ServerStart, AKeyThatDoesNotFitIsSaid) {
    ServerSettings settings;
    settings.certificate = web_tests::make_certificate().certificate;
    settings.key = web_tests::make_certificate().key;
    auto listener = listen_on("127.0.0.1:0");
    ASSERT_TRUE(listener);
    EXPECT_FALSE(Server::start(std::move(listener).value(), settings, echo));
}

TEST(ListenOn, WantsAnAddressAndAPort) {
    for (const char* text :
         {"", "127.0.0.1", "localhost:1", "127.0.0.1:x", "127.0.0.1:65536", "::1:0"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(listen_on(text));
    }
    EXPECT_TRUE(listen_on("127.0.0.1:0"));
}

}  // namespace
}  // namespace postern::web
