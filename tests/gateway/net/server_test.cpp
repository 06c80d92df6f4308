#include "gateway/net/server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/gateway/net/loopback.hpp"
#include "tests/gateway/net/recorder.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using testing_support::Client;
using testing_support::Record;
using testing_support::Recorder;

const std::string kMessage = "Subject: x\r\n\r\n.dot\r\nend\r\n";
const std::string kStuffed = "Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n";

class ServerTest : public ::testing::Test {
protected:
    void start(ServerSettings settings = {}, smtp::SessionSettings session = {}) {
        settings.reactors = 2;
        session.hostname = "mx.test";
        auto listener = testing_support::listen_on_loopback();
        port_ = listener.port;
        std::vector<Listener> listeners;
        listeners.emplace_back(std::move(listener.socket));
        Observer observer;
        observer.opened = [this] { ++opened_; };
        observer.closed = [this] { ++closed_; };
        observer.replied = [this](smtp::Stage, int code) { last_code_ = code; };
        observer.bug = [this](std::string_view) { ++bugs_; };
        const auto tls = TlsContext::self_signed("mx.test");
        ASSERT_TRUE(tls) << tls.error();
        server_ = std::make_unique<Server>(
            settings, std::make_shared<const smtp::SessionSettings>(session), *tls,
            std::move(listeners),
            [this](const ClientFacts& client, Timer&) {
                EXPECT_EQ(client.address.text(), "127.0.0.1");
                EXPECT_EQ(client.local_port, port_);
                return std::make_unique<Recorder>(record_);
            },
            observer);
        server_->start();
    }
    static ServerSettings with_timeouts(std::chrono::milliseconds command,
                                        std::chrono::milliseconds data) {
        ServerSettings settings;
        settings.timeouts.command = command;
        settings.timeouts.data = data;
        return settings;
    }
    /// EHLO, MAIL, RCPT, DATA.
    static void envelope(Client& client, const std::string& sender) {
        ASSERT_EQ(client.ask("EHLO c.example").substr(0, 3), "250");
        ASSERT_EQ(client.ask("MAIL FROM:<" + sender + ">").substr(0, 3), "250");
        ASSERT_EQ(client.ask("RCPT TO:<b@ours.example>").substr(0, 3), "250");
        ASSERT_EQ(client.ask("DATA").substr(0, 3), "354");
    }

    Record record_;
    std::atomic<int> opened_ = 0;
    std::atomic<int> closed_ = 0;
    std::atomic<int> bugs_ = 0;
    std::atomic<int> last_code_ = 0;
    std::uint16_t port_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, TakesAMessage) {
    start();
    Client client(port_);
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    envelope(client, "a@c.example");
    client.send(kStuffed);
    EXPECT_EQ(client.reply(), "250 2.0.0 Message accepted\r\n");
    EXPECT_EQ(client.ask("QUIT"), "221 2.0.0 mx.test closes\r\n");
    EXPECT_EQ(client.reply(), "");
    record_.wait_for("closed");
    EXPECT_EQ(record_.entries().front(), "message " + kMessage);
    server_->stop(0ms);
    EXPECT_EQ(opened_, 1);
    EXPECT_EQ(closed_, 1);
}

const std::string kWholeSession =
    "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@ours.example>\r\nDATA\r\n" + kStuffed +
    "MAIL FROM:<thread@c.example>\r\nRCPT TO:<b@ours.example>\r\nDATA\r\n" + kStuffed + "QUIT\r\n";

TEST_F(ServerTest, EverythingInOnePacketAndThenTheEnd) {
    start();
    Client client(port_);
    client.send(kWholeSession);
    client.end_output();
    EXPECT_EQ(client.skip(11), "221");
    EXPECT_EQ(client.reply(), "");
    record_.wait_for("closed");
    const auto entries = record_.entries();
    EXPECT_EQ(std::count(entries.begin(), entries.end(), "message " + kMessage), 2);
}

TEST_F(ServerTest, ByteByByte) {
    start();
    Client client(port_);
    for (const char byte : kWholeSession) client.send(std::string(1, byte));
    EXPECT_EQ(client.skip(11), "221");
    const auto entries = record_.entries();
    EXPECT_EQ(std::count(entries.begin(), entries.end(), "message " + kMessage), 2);
}

TEST_F(ServerTest, StartTlsForgetsPlaintextAndCarriesABigMessage) {
    smtp::SessionSettings session;
    session.tls = smtp::TlsPolicy::Offered;
    start({}, session);
    Client client(port_);
    (void)client.reply();
    EXPECT_NE(client.ask("EHLO c.example").find("250 STARTTLS"), std::string::npos);
    EXPECT_EQ(client.ask("MAIL FROM:<a@c.example>").substr(0, 3), "250");
    EXPECT_EQ(client.ask("STARTTLS\r\nRCPT TO:<injected@ours.example>").substr(0, 3), "220");
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.ask("RCPT TO:<b@ours.example>").substr(0, 3), "503");
    std::string message = "Subject: big\r\n\r\n";
    for (int i = 0; i < 20000; ++i)
        message += std::string(static_cast<std::size_t>(i % 99), 'x') + "\r\n";
    EXPECT_EQ(client.ask("EHLO c.example").find("STARTTLS"), std::string::npos);
    client.send("MAIL FROM:<a@c.example>\r\nRCPT TO:<b@ours.example>\r\nDATA\r\n");
    EXPECT_EQ(client.skip(3), "354");
    client.send(message + ".\r\n");
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(client.ask("QUIT").substr(0, 3), "221");
    const auto entries = record_.entries();
    EXPECT_EQ(entries.front(), "tls TLSv1.3 TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(std::count(entries.begin(), entries.end(), "message " + message), 1);
}

TEST_F(ServerTest, GarbageInsteadOfAHandshakeEndsIt) {
    smtp::SessionSettings session;
    session.tls = smtp::TlsPolicy::Offered;
    start({}, session);
    Client client(port_);
    client.send("EHLO c.example\r\n");
    (void)client.skip(2);
    EXPECT_EQ(client.ask("STARTTLS").substr(0, 3), "220");
    client.send("MAIL FROM:<a@c.example>\r\n");
    (void)client.reply();  // perhaps an alert, which is no reply
    record_.wait_for("closed");
}

TEST_F(ServerTest, NewCertificateIsForNewConnections) {
    smtp::SessionSettings session;
    session.tls = smtp::TlsPolicy::Offered;
    start({}, session);
    Client before(port_);
    (void)before.reply();
    server_->use(std::shared_ptr<const TlsContext>());
    Client after(port_);
    (void)after.reply();
    EXPECT_EQ(after.ask("EHLO c.example").find("STARTTLS"), std::string::npos);
    (void)before.ask("EHLO c.example");
    EXPECT_EQ(before.ask("STARTTLS").substr(0, 3), "220");
    EXPECT_TRUE(before.start_tls());
    const auto renewed = TlsContext::self_signed("new.test");
    ASSERT_TRUE(renewed);
    server_->use(*renewed);
    Client last(port_);
    (void)last.reply();
    EXPECT_NE(last.ask("EHLO c.example").find("STARTTLS"), std::string::npos);
}

TEST_F(ServerTest, PausedDataWaitsForResume) {
    start();
    Client client(port_);
    (void)client.reply();
    envelope(client, "pause@c.example");
    client.send("one\r\n");
    auto first = record_.take_kept(1);
    client.send("two\r\n.\r\n");
    first.front()();
    first.front()();  // a second call does nothing
    record_.take_kept(1).front()();
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(record_.entries().front(), "message one\r\ntwo\r\n");
}

TEST_F(ServerTest, DisconnectInDataAndWithAnAnswerDue) {
    start();
    {
        Client client(port_);
        (void)client.reply();
        envelope(client, "a@c.example");
        client.send("half a mess");
    }
    record_.wait_for("closed");
    EXPECT_EQ(record_.entries().size(), 1U);

    Client client(port_);
    (void)client.reply();
    (void)client.ask("EHLO c.example");
    client.send("MAIL FROM:<keep@c.example>\r\n");
    auto kept = record_.take_kept(1);
    client.slam();
    while (server_->connections() > 0) std::this_thread::yield();
    kept.front()();  // nobody is there to hear it
    Client again(port_);
    EXPECT_EQ(again.reply().substr(0, 3), "220");
    again.close();
    server_.reset();
    kept.front()();  // not even a server
}

TEST_F(ServerTest, ClientThatEndsItsOutputStillGetsItsAnswer) {
    start();
    Client client(port_);
    (void)client.reply();
    (void)client.ask("EHLO c.example");
    client.send("MAIL FROM:<keep@c.example>\r\n");
    auto kept = record_.take_kept(1);
    client.end_output();
    kept.front()();
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(client.reply(), "");
}

TEST_F(ServerTest, WhatEscapesADialogueIsOneConnectionsEnd) {
    start();
    Client client(port_);
    (void)client.reply();
    (void)client.ask("EHLO c.example");
    EXPECT_EQ(client.ask("MAIL FROM:<throw@c.example>"),
              "421 4.3.0 Internal error, try again later\r\n");
    EXPECT_EQ(client.reply(), "");
    Client other(port_);
    (void)other.reply();
    envelope(other, "data@c.example");
    other.send(kStuffed);
    EXPECT_EQ(other.reply().substr(0, 9), "421 4.3.0");
    Client fine(port_);
    EXPECT_EQ(fine.reply().substr(0, 3), "220");
    EXPECT_EQ(bugs_, 2);
}

TEST_F(ServerTest, SilenceBetweenCommandsIsBounded) {
    start(with_timeouts(100ms, 1h));
    Client client(port_);
    EXPECT_EQ(client.skip(1), "220");
    client.send("NOO");  // bytes without a whole command buy no time
    EXPECT_EQ(client.reply(), "421 4.4.2 Timeout\r\n");
    EXPECT_EQ(client.reply(), "");
}

TEST_F(ServerTest, SilenceInDataIsBounded) {
    start(with_timeouts(1h, 100ms));
    Client client(port_);
    (void)client.reply();
    envelope(client, "a@c.example");
    EXPECT_EQ(client.reply(), "421 4.4.2 Timeout\r\n");
}

TEST_F(ServerTest, SilenceInsteadOfAHandshakeIsBounded) {
    ServerSettings settings;
    settings.timeouts.handshake = 100ms;
    smtp::SessionSettings session;
    session.tls = smtp::TlsPolicy::Offered;
    start(settings, session);
    Client client(port_);
    (void)client.reply();
    (void)client.ask("EHLO c.example");
    (void)client.ask("STARTTLS");
    EXPECT_EQ(client.reply(), "");
}

TEST_F(ServerTest, WholeSessionIsBounded) {
    ServerSettings settings;
    settings.timeouts.session = 100ms;
    smtp::SessionSettings session;
    session.max_futile_commands = 1'000'000;
    start(settings, session);
    Client client(port_);
    std::string reply = client.reply();
    while (reply.starts_with("2")) reply = client.ask("EHLO c.example");
    EXPECT_EQ(reply, "421 4.4.2 Timeout\r\n");
}

TEST_F(ServerTest, ClientThatDoesNotReadIsWaitedForAndThenServed) {
    smtp::SessionSettings session;
    session.max_futile_commands = 1'000'000;
    start({}, session);
    Client client(port_);
    constexpr int kCommands = 200'000;
    std::thread sender([&client] {
        std::string commands;
        for (int i = 0; i < kCommands; ++i) commands += "HELP\r\n";
        client.send(commands);
    });
    EXPECT_EQ(client.skip(kCommands + 1), "214");
    sender.join();
}

TEST_F(ServerTest, TooManyConnectionsAndItsEdge) {
    ServerSettings settings;
    settings.max_connections = 2;
    start(settings);
    Client one(port_);
    Client two(port_);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    EXPECT_EQ(two.reply().substr(0, 3), "220");
    Client three(port_);
    EXPECT_EQ(three.reply(), "421 4.7.0 Too many connections, try again later\r\n");
    two.close();
    while (server_->connections() > 1) std::this_thread::yield();
    Client four(port_);
    EXPECT_EQ(four.reply().substr(0, 3), "220");
    EXPECT_EQ(opened_, 3);
}

TEST_F(ServerTest, TooManyConnectionsOfOneClientUnlessItIsOurs) {
    ServerSettings settings;
    settings.max_connections_per_client = 1;
    start(settings);
    Client one(port_);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    Client two(port_);
    EXPECT_EQ(two.reply().substr(0, 9), "421 4.7.0");
    server_.reset();

    settings.unlimited_clients.push_back(*mail::Cidr::parse("127.0.0.0/8"));
    start(settings);
    Client three(port_);
    Client four(port_);
    EXPECT_EQ(three.reply().substr(0, 3), "220");
    EXPECT_EQ(four.reply().substr(0, 3), "220");
}

TEST_F(ServerTest, StopLetsWorkEnd) {
    start();
    Client idle(port_);
    (void)idle.reply();
    Client in_data(port_);
    (void)in_data.reply();
    envelope(in_data, "a@c.example");
    Client waiting(port_);
    (void)waiting.reply();
    (void)waiting.ask("EHLO c.example");
    waiting.send("MAIL FROM:<keep@c.example>\r\n");
    auto kept = record_.take_kept(1);

    std::thread stopper([this] { server_->stop(20s); });
    EXPECT_EQ(idle.reply(), "421 4.3.2 Service is shutting down\r\n");
    in_data.send(kStuffed);
    EXPECT_EQ(in_data.reply().substr(0, 3), "250");
    EXPECT_EQ(in_data.reply(), "421 4.3.2 Service is shutting down\r\n");
    kept.front()();
    EXPECT_EQ(waiting.reply().substr(0, 3), "250");
    EXPECT_EQ(waiting.reply(), "421 4.3.2 Service is shutting down\r\n");
    idle.close();
    in_data.close();
    waiting.close();
    stopper.join();
    EXPECT_EQ(server_->connections(), 0U);
    EXPECT_THROW(Client{port_}, std::runtime_error) << "the listener is closed";
}

TEST_F(ServerTest, StopDoesNotWaitBeyondItsGrace) {
    start();
    Client in_data(port_);
    (void)in_data.reply();
    envelope(in_data, "a@c.example");
    Client waiting(port_);
    (void)waiting.reply();
    (void)waiting.ask("EHLO c.example");
    waiting.send("MAIL FROM:<keep@c.example>\r\n");
    auto kept = record_.take_kept(1);
    server_->stop(10ms);
    EXPECT_EQ(in_data.reply(), "421 4.3.2 Service is shutting down\r\n");
    EXPECT_EQ(waiting.reply(), "421 4.3.2 Service is shutting down\r\n");
    kept.front()();
    EXPECT_EQ(server_->connections(), 0U);
}

TEST(TlsContext, SaysWhatIsWrongWithItsFiles) {
    const auto missing = TlsContext::load("/nonexistent/cert.pem", "/nonexistent/key.pem");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().find("/nonexistent/cert.pem"), std::string::npos);
}

}  // namespace
}  // namespace postern::net
