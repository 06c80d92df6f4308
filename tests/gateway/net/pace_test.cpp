/// @file Who holds a connection with a byte now and then.

#include "gateway/net/pace.hpp"

#include "tests/gateway/net/front.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using testing_support::Client;
using testing_support::FrontTest;

const TimePoint kStart{};

TEST(Pace, WindowHoldsAtItsEdge) {
    for (const bool enough : {true, false}) {
        Pace pace;
        pace.run(kStart);
        pace.add(enough ? 1000 : 999);
        ASSERT_EQ(pace.deadline(10s, 100), kStart + 10s);
        EXPECT_EQ(pace.next_window(kStart + 10s, 10s, 100), enough);
        if (!enough) continue;
        EXPECT_EQ(pace.deadline(10s, 100), kStart + 20s) << "the next window";
        EXPECT_FALSE(pace.next_window(kStart + 20s, 10s, 100)) << "begins with nothing";
    }
}

TEST(Pace, StoppingTheClockForgetsNothing) {
    Pace pace;
    EXPECT_EQ(pace.deadline(10s, 1), std::nullopt);
    pace.run(kStart);
    pace.run(kStart + 1s);  // it runs already
    pace.stop(kStart + 4s);
    EXPECT_EQ(pace.deadline(10s, 1), std::nullopt) << "nobody is waited for";
    pace.run(kStart + 100s);
    EXPECT_EQ(pace.deadline(10s, 1), kStart + 106s);
    EXPECT_EQ(pace.deadline(10s, 0), std::nullopt) << "any rate will do";
    pace.forget();
    EXPECT_EQ(pace.deadline(10s, 1), std::nullopt);
}

class SlowClient : public FrontTest {
protected:
    /// 1000 bytes a second.
    void start_with_rates(std::chrono::milliseconds window = 100ms) {
        ServerSettings settings;
        settings.rates = {window, 1000, 1000};
        start({.settings = settings});
    }
    /// Sends `bytes` one by one, as fast as replies to none of them allow, until the server speaks.
    static std::string drip(Client& client, const std::string& bytes) {
        for (const char byte : bytes) {
            if (client.speaks_within(20ms)) break;
            client.send(std::string(1, byte));
        }
        return client.reply();
    }
};

TEST_F(SlowClient, InACommandIsSentAway) {
    start_with_rates();
    Client client(port_);
    (void)client.reply();
    EXPECT_EQ(drip(client, "EHLO " + std::string(200, 'x')), "421 4.4.2 Too slow\r\n");
}

TEST_F(SlowClient, CannotBeginAnewByFinishingCommands) {
    start_with_rates();
    Client client(port_);
    (void)client.reply();
    std::string commands;
    for (int i = 0; i < 50; ++i) commands += "\r\n";  // each a whole line, and too few bytes
    std::string reply;
    for (const char byte : commands) {
        if (client.speaks_within(20ms)) reply = client.reply();
        if (reply.starts_with("421") || reply.empty()) {
            if (reply.starts_with("421")) break;
        }
        client.send(std::string(1, byte));
    }
    EXPECT_EQ(reply.substr(0, 9), "421 4.4.2");
}

TEST_F(SlowClient, InAMessageIsSentAway) {
    start_with_rates();
    for (const char* begin : {"DATA\r\n", "BDAT 500\r\n"}) {
        SCOPED_TRACE(begin);
        Client client(port_);
        client.send("EHLO c\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@ours.example>\r\n");
        EXPECT_EQ(client.skip(4), "250");
        client.send(begin);
        if (std::string(begin) == "DATA\r\n") {
            EXPECT_EQ(client.skip(1), "354");
        }
        EXPECT_EQ(drip(client, std::string(200, 'x')), "421 4.4.2 Too slow\r\n");
    }
}

TEST_F(SlowClient, WhoWaitsForUsIsNotSlow) {
    start_with_rates();
    Client client(port_);
    client.send("EHLO c\r\nMAIL FROM:<keep@c.example>\r\n");
    EXPECT_EQ(client.skip(2), "250");
    auto kept = record_.take_kept(1);
    EXPECT_FALSE(client.speaks_within(300ms)) << "three windows";
    kept.front()();
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_FALSE(client.speaks_within(300ms)) << "between commands a client may think";
    EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
}

TEST_F(SlowClient, FastEnoughIsServed) {
    start_with_rates(500ms);
    Client client(port_);
    client.send("EHLO c\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@ours.example>\r\nDATA\r\n");
    EXPECT_EQ(client.skip(5), "354");
    for (int i = 0; i < 40; ++i) {
        EXPECT_FALSE(client.speaks_within(20ms));
        client.send(std::string(198, 'x') + "\r\n");
    }
    client.send(".\r\n");
    EXPECT_EQ(client.reply().substr(0, 3), "250");
}

}  // namespace
}  // namespace postern::net
