/// @file What happens before the banner, and behind XCLIENT.

#include <future>
#include <thread>

#include "tests/gateway/net/front.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing_support::Client;
using testing_support::FrontTest;

class Opening : public FrontTest {
protected:
    void start_behind_proxy(ServerSettings settings = {}, bool implicit_tls = false) {
        settings.proxies = loopback();
        start({.settings = settings, .session = with_tls(), .implicit_tls = implicit_tls});
    }
};

const std::string kHeader = "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25\r\n";

TEST_F(Opening, EarlyTalkIsToldAndItsBytesStay) {
    record_.keep_banner(true);
    start({});
    Client client(port_);
    client.send("EHLO early.example\r\n");
    record_.wait_for("early EHLO early.example\r\n");
    client.send("NOOP\r\n");
    record_.take_kept(1).front()();
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(client.ask("QUIT").substr(0, 3), "221");
    const auto entries = record_.entries();
    EXPECT_EQ(std::count_if(entries.begin(), entries.end(),
                            [](const auto& entry) { return entry.starts_with("early"); }),
              1);
}

TEST_F(Opening, PatientClientIsNoEarlyTalker) {
    record_.keep_banner(true);
    start({});
    Client client(port_);
    record_.take_kept(1).front()();
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.ask("QUIT").substr(0, 3), "221");
    record_.wait_for("closed");
    EXPECT_EQ(record_.entries(), (std::vector<std::string>{record_.entries().front(), "closed"}));
}

TEST_F(Opening, ClientThatLeavesDuringTheWaitFreesItsPlace) {
    record_.keep_banner(true);
    start({});
    Client client(port_);
    auto kept = record_.take_kept(1);
    client.close();
    record_.wait_for("closed");
    while (server_->connections() > 0) std::this_thread::yield();
    kept.front()();
}

TEST_F(Opening, ProxyHeaderTellsTheClient) {
    start_behind_proxy();
    Client client(port_);
    client.send(kHeader);
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.ask("EHLO client.example").substr(0, 3), "250");
    EXPECT_TRUE(heard("client 192.0.2.7 54321 by 127.0.0.1"));
}

TEST_F(Opening, ProxyHeaderMayComeByteByByteOrWithTheClientsWords) {
    start_behind_proxy();
    const std::string v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0f"s +
                           "\xc0\x00\x02\x09\xc6\x33\x64\x01\xd4\x31\x00\x19\x03\x00\x00"s;
    for (const std::string& header : {kHeader, v2}) {
        Client slow(port_);
        for (const char byte : header) slow.send(std::string(1, byte));
        EXPECT_EQ(slow.reply(), "220 mx.test ESMTP\r\n");
        Client hasty(port_);
        hasty.send(header + "EHLO client.example\r\nNOOP\r\n");
        EXPECT_EQ(hasty.skip(3), "250");
    }
    EXPECT_TRUE(heard("client 192.0.2.9 54321 by 127.0.0.1"));
}

TEST_F(Opening, EarlyTalkBehindAProxyHeaderIsSeen) {
    record_.keep_banner(true);
    start_behind_proxy();
    Client client(port_);
    client.send(kHeader + "EHLO early.example\r\n");
    record_.wait_for("early EHLO early.example\r\n");
}

TEST_F(Opening, ConnectionOfTheProxyItselfKeepsItsAddress) {
    start_behind_proxy();
    Client client(port_);
    client.send("PROXY UNKNOWN\r\n");
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    const auto entries = record_.entries();
    EXPECT_TRUE(entries.front().starts_with("client 127.0.0.1 ")) << entries.front();
    EXPECT_EQ(entries.front().find(" by "), std::string::npos);
}

TEST_F(Opening, ListedProxyWithoutHeaderIsRefused) {
    start_behind_proxy();
    Client client(port_);
    client.send("EHLO client.example\r\n");
    EXPECT_EQ(client.reply(), "");
    record_.wait_for("refused proxy");
    EXPECT_EQ(record_.entries().size(), 1U) << "no dialogue was made";
}

TEST_F(Opening, ProxyHeaderHasItsTime) {
    ServerSettings settings;
    settings.timeouts.proxy = 50ms;
    start_behind_proxy(settings);
    Client client(port_);
    client.send("PROXY TCP4 ");
    EXPECT_EQ(client.reply(), "");
    record_.wait_for("refused proxy");
}

TEST_F(Opening, PeerThatIsNotListedCannotUseAProxyHeader) {
    start({});
    Client client(port_);
    client.send(kHeader);
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.reply().substr(0, 3), "500");
    EXPECT_TRUE(record_.entries().front().starts_with("client 127.0.0.1 "));
}

TEST_F(Opening, ClientsBehindAProxyAreCountedByTheirOwnAddress) {
    ServerSettings settings;
    settings.max_connections_per_client = 1;
    start_behind_proxy(settings);
    Client one(port_);
    one.send(kHeader);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    Client two(port_);
    two.send(kHeader);
    EXPECT_EQ(two.reply(), "421 4.7.0 Too many connections, try again later\r\n");
    EXPECT_EQ(two.reply(), "");
    EXPECT_TRUE(heard("refused client"));
    Client other(port_);
    other.send("PROXY TCP4 192.0.2.8 198.51.100.1 54321 25\r\n");
    EXPECT_EQ(other.reply().substr(0, 3), "220");
}

TEST_F(Opening, ImplicitTlsGreetsInsideTls) {
    start({.session = with_tls(), .implicit_tls = true});
    Client client(port_);
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.ask("EHLO client.example").find("STARTTLS"), std::string::npos);
    EXPECT_EQ(client.ask("STARTTLS").substr(0, 3), "503");
    EXPECT_TRUE(record_.entries().at(1).starts_with("tls TLSv1.3 "));
}

TEST_F(Opening, ImplicitTlsBehindAProxy) {
    start_behind_proxy({}, true);
    Client client(port_);
    client.send(kHeader);
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
    EXPECT_EQ(record_.entries().front(), "client 192.0.2.7 54321 by 127.0.0.1");
}

TEST_F(Opening, EarlyTalkInsideTlsIsSeen) {
    record_.keep_banner(true);
    start({.session = with_tls(), .implicit_tls = true});
    Client client(port_);
    ASSERT_TRUE(client.start_tls());
    client.send("EHLO early.example\r\n");
    record_.wait_for("early EHLO early.example\r\n");
    record_.take_kept(1).front()();
    EXPECT_EQ(client.skip(2), "250");
}

TEST_F(Opening, PlaintextAtAnImplicitTlsListenerCostsItsConnectionOnly) {
    start({.session = with_tls(), .implicit_tls = true});
    Client plain(port_);
    plain.send("EHLO client.example\r\n");
    (void)plain.reply();  // an alert, which is no reply
    record_.wait_for("handshake failed");
    Client client(port_);
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.reply(), "220 mx.test ESMTP\r\n");
}

TEST_F(Opening, XclientBeginsAnewWithAnotherClient) {
    ServerSettings settings;
    settings.xclients = loopback();
    start({.settings = settings});
    Client client(port_);
    (void)client.reply();
    EXPECT_NE(client.ask("EHLO proxy.example").find("XCLIENT NAME ADDR"), std::string::npos);
    EXPECT_EQ(client.ask("XCLIENT ADDR=192.0.2.7 PORT=99 NAME=spike.example"),
              "220 mx.test ESMTP\r\n");
    EXPECT_EQ(client.ask("MAIL FROM:<a@c.example>").substr(0, 3), "503");
    EXPECT_EQ(client.ask("EHLO client.example").substr(0, 3), "250");
    // Pipelined, as Postfix does it.
    client.send("XCLIENT ADDR=192.0.2.8\r\nEHLO next.example\r\nMAIL FROM:<a@c.example>\r\n");
    EXPECT_EQ(client.skip(3), "250");
    const auto entries = record_.entries();
    ASSERT_EQ(entries.size(), 5U);
    EXPECT_EQ(entries[1], "closed") << "the dialogue of the client before";
    EXPECT_EQ(entries[2], "client 192.0.2.7 99 by 127.0.0.1");
    EXPECT_EQ(entries[4], "client 192.0.2.8 99 by 127.0.0.1");
    for (const auto& entry : entries) EXPECT_FALSE(entry.starts_with("early")) << entry;
}

TEST_F(Opening, XclientIsCountedAndUnknownToOthers) {
    ServerSettings settings;
    settings.xclients = loopback();
    settings.max_connections_per_client = 1;
    start({.settings = settings});
    Client one(port_);
    Client two(port_);
    (void)one.reply();
    (void)two.reply();
    EXPECT_EQ(one.ask("XCLIENT ADDR=192.0.2.7").substr(0, 3), "220");
    EXPECT_EQ(two.ask("XCLIENT ADDR=192.0.2.7"),
              "421 4.7.0 Too many connections, try again later\r\n");
    server_.reset();
    start({});
    Client other(port_);
    (void)other.reply();
    EXPECT_EQ(other.ask("EHLO c.example").find("XCLIENT"), std::string::npos);
    EXPECT_EQ(other.ask("XCLIENT ADDR=192.0.2.7").substr(0, 3), "500");
}

TEST_F(Opening, TimerRunsTasksInOrderOnTheReactor) {
    start({.made = [this](const ClientFacts&, Timer& timer) {
        const auto here = std::this_thread::get_id();
        timer.after(20ms, [this, here] {
            record_.add(here == std::this_thread::get_id() ? "second" : "elsewhere");
        });
        timer.after(1ms, [this, &timer] {
            record_.add("first");
            timer.after(0ms, [this] { record_.add("from a task"); });
        });
        std::thread([this, post = timer.post(), here] {
            post([this, here] {
                record_.add(here == std::this_thread::get_id() ? "posted" : "elsewhere");
            });
        }).detach();
    }});
    Client client(port_);
    for (const char* entry : {"first", "from a task", "second", "posted"}) record_.wait_for(entry);
    const auto entries = record_.entries();
    EXPECT_LT(std::find(entries.begin(), entries.end(), "first"),
              std::find(entries.begin(), entries.end(), "second"));
}

TEST_F(Opening, TasksOfAGoneDialogueAreDropped) {
    std::promise<Timer::Post> made;
    std::atomic<bool> first = true;
    start({.made = [&, this](const ClientFacts&, Timer& timer) {
        timer.after(1h, [this] { record_.add("too late"); });
        if (first.exchange(false)) made.set_value(timer.post());
    }});
    {
        Client client(port_);
        (void)client.reply();
    }
    const Timer::Post post = made.get_future().get();
    record_.wait_for("closed");
    while (server_->connections() > 0) std::this_thread::yield();
    post([this] { record_.add("too late"); });
    Client again(port_);
    EXPECT_EQ(again.reply().substr(0, 3), "220");
    server_.reset();
    post([this] { record_.add("too late"); });
    EXPECT_FALSE(heard("too late"));
}

TEST_F(Opening, TaskThatThrowsEndsItsConnection) {
    record_.keep_banner(true);
    start({.made = [](const ClientFacts&, Timer& timer) {
        timer.after(1ms, [] { throw std::runtime_error("on purpose"); });
    }});
    Client client(port_);
    EXPECT_EQ(client.reply(), "421 4.3.0 Internal error, try again later\r\n");
    EXPECT_EQ(bugs_, 1);
}

TEST_F(Opening, OverloadShortensPatienceAndRefusesBeforeTheEnd) {
    ServerSettings settings;
    settings.max_connections = 4;
    settings.overload_share = 0.5;
    settings.refuse_share = 0.75;
    settings.timeouts.command = 1h;
    settings.timeouts.overload_command = 100ms;
    start({.settings = settings, .made = [this](const ClientFacts& client, Timer&) {
               record_.add(client.load.overload ? "in overload" : "at ease");
           }});
    Client one(port_);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    Client two(port_);
    EXPECT_EQ(two.reply().substr(0, 3), "220");
    EXPECT_FALSE(heard("in overload"));
    Client three(port_);
    EXPECT_EQ(three.reply().substr(0, 3), "220");
    EXPECT_TRUE(heard("in overload")) << "2 of 4 were there";
    record_.wait_for("overload");
    Client four(port_);
    EXPECT_EQ(four.reply(), "421 4.3.2 Too busy now, try again later\r\n");
    EXPECT_EQ(one.reply(), "421 4.4.2 Timeout\r\n") << "it has been idle for longer than 100 ms";
    EXPECT_EQ(two.reply(), "421 4.4.2 Timeout\r\n");
    EXPECT_TRUE(heard("refused overload"));
}

TEST_F(Opening, OwnClientsAreServedInOverload) {
    ServerSettings settings;
    settings.max_connections = 2;
    settings.overload_share = 0.1;
    settings.refuse_share = 0.1;
    settings.unlimited_clients = loopback();
    start({.settings = settings});
    Client one(port_);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    Client two(port_);
    EXPECT_EQ(two.reply().substr(0, 3), "220");
    Client three(port_);
    EXPECT_EQ(three.reply(), "421 4.7.0 Too many connections, try again later\r\n");
}

TEST_F(Opening, PrefixIsBounded) {
    ServerSettings settings;
    settings.max_connections_per_prefix = 1;
    start({.settings = settings});
    Client one(port_);
    EXPECT_EQ(one.reply().substr(0, 3), "220");
    Client two(port_);
    EXPECT_EQ(two.reply(), "421 4.7.0 Too many connections, try again later\r\n");
    EXPECT_TRUE(heard("refused prefix"));
}

}  // namespace
}  // namespace postern::net
