#include "gateway/observe/metrics_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>

namespace postern::observe {
namespace {

using namespace std::chrono_literals;

UniqueFd connect_to(std::uint16_t port) {
    UniqueFd descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* generic = &address;
    EXPECT_EQ(::connect(descriptor.get(), static_cast<const sockaddr*>(generic), sizeof(address)),
              0);
    return descriptor;
}

void say(const UniqueFd& descriptor, std::string_view text) {
    EXPECT_EQ(::send(descriptor.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

/// Everything up to the end of the connection.
std::string listen_to(const UniqueFd& descriptor) {
    std::string heard;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; got > 0;) {
        got = ::recv(descriptor.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) heard.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return heard;
}

class Server : public ::testing::Test {
protected:
    void start(MetricsServerSettings settings = {}) {
        auto listener = listen_on("127.0.0.1:0");
        ASSERT_TRUE(listener) << listener.error();
        port = local_port(listener->get());
        ASSERT_NE(port, 0);
        registry.counters({"a_total", "x"}).only().add(7);
        server.emplace(
            std::move(listener).value(), registry,
            [this] {
                return Health{well, well ? "ok\n" : "no analyzer\n"};
            },
            settings);
    }
    std::string ask(std::string_view request) const {
        const UniqueFd descriptor = connect_to(port);
        say(descriptor, request);
        return listen_to(descriptor);
    }

    Registry registry;
    std::atomic<bool> well{true};
    std::uint16_t port = 0;
    std::optional<MetricsServer> server;
};

TEST_F(Server, AnswersTwoPathsAndNothingElse) {
    start();
    const struct {
        std::string title, request, status, body;
    } cases[] = {
        {"metrics", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK",
         "# HELP a_total x\n# TYPE a_total counter\na_total 7\n"},
        {"query", "GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200 OK",
         "# HELP a_total x\n# TYPE a_total counter\na_total 7\n"},
        {"health", "GET /healthz HTTP/1.1\r\n\r\n", "200 OK", "ok\n"},
        {"head", "HEAD /healthz HTTP/1.1\r\n\r\n", "200 OK", ""},
        {"elsewhere", "GET /etc HTTP/1.1\r\n\r\n", "404 Not Found", "not found\n"},
        {"path in path", "GET /metrics/../x HTTP/1.1\r\n\r\n", "404 Not Found", "not found\n"},
        {"other method", "POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "GET only\n"},
        {"HTTP/2", "GET /metrics HTTP/2\r\n\r\n", "400 Bad Request", "bad request\n"},
        {"HTTP/0.9", "GET /metrics\r\n\r\n", "400 Bad Request", "bad request\n"},
        {"nonsense", "\r\n\r\n", "400 Bad Request", "bad request\n"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const std::string heard = ask(c.request);
        EXPECT_TRUE(heard.starts_with("HTTP/1.1 " + c.status + "\r\n")) << heard;
        const std::size_t end = heard.find("\r\n\r\n");
        ASSERT_NE(end, std::string::npos);
        EXPECT_EQ(heard.substr(end + 4), c.body);
    }
    EXPECT_NE(ask("GET /metrics HTTP/1.1\r\n\r\n").find("text/plain; version=0.0.4"),
              std::string::npos);
}

TEST_F(Server, SaysWhenSomethingIsWrong) {
    start();
    well = false;
    const std::string heard = ask("GET /healthz HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 503 ")) << heard;
    EXPECT_TRUE(heard.ends_with("no analyzer\n"));
}

TEST_F(Server, TakesARequestInPiecesWhileOthersAreSilent) {
    start();
    const UniqueFd silent = connect_to(port);
    const UniqueFd slow = connect_to(port);
    for (const char c : std::string("GET /healthz HTTP/1.1\r\n\r\n")) say(slow, {&c, 1});
    EXPECT_TRUE(listen_to(slow).starts_with("HTTP/1.1 200 "));
}

TEST_F(Server, HoldsItsLimits) {
    start({.max_connections = 2, .max_request = 60, .timeout = 300ms});
    const std::string line = "GET /healthz HTTP/1.1\r\nX: ";
    EXPECT_TRUE(
        ask(line + std::string(60 - line.size(), 'x') + "\r\n\r\n").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(
        ask(line + std::string(61 - line.size(), 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431"));
    EXPECT_TRUE(ask(std::string(65, 'x')).starts_with("HTTP/1.1 431"));  // without an end

    const auto start_of_silence = std::chrono::steady_clock::now();
    const UniqueFd first = connect_to(port);
    const UniqueFd second = connect_to(port);
    const UniqueFd one_too_many = connect_to(port);
    EXPECT_EQ(listen_to(one_too_many), "");
    EXPECT_EQ(listen_to(first), "");  // ended by the timeout
    EXPECT_GE(std::chrono::steady_clock::now() - start_of_silence, 250ms);
    EXPECT_EQ(listen_to(second), "");
    EXPECT_TRUE(ask("GET /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST(ListenOn, SaysWhatIsWrong) {
    for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "host:1", "::1:80",
                             "127.0.0.1:1x", "[::1:80"}) {
        SCOPED_TRACE(text);
        const auto listener = listen_on(text);
        ASSERT_FALSE(listener);
        EXPECT_EQ(listener.error(), std::string(text) + " is not ADDRESS:PORT");
    }
    const auto first = listen_on("127.0.0.1:0");
    ASSERT_TRUE(first);
    const std::string taken = "127.0.0.1:" + std::to_string(local_port(first->get()));
    const auto second = listen_on(taken);
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().starts_with("cannot listen on " + taken)) << second.error();
}

}  // namespace
}  // namespace postern::observe
