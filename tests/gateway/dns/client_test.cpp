/// The real client against a server that answers well.

#include "gateway/dns/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/gateway/dns/collect.hpp"
#include "tests/support/dns/fake_server.hpp"

namespace postern::tests {
namespace {

using dns::RecordType;
using dns::Status;
using testing::ElementsAre;

constexpr const char* kZone = R"(
host.example A 192.0.2.1 192.0.2.2
host.example AAAA 2001:db8::1
host.example MX 20 second.example
host.example MX 10 First.Example
host.example TXT "v=spf1 " "-all"
host.example TXT hex:00ff "and text"
host.example NS ns.example
host.example SOA ns.example host.example 1 2 3 4 5
null.example MX 0 .
1.2.0.192.in-addr.arpa PTR host.example
_25._tcp.host.example TLSA 3 1 1 00aaff
www.example CNAME host.example
big.example TXT fill:60000
odd.example PTR a\046b\032c\000.example
host.test A 192.0.2.3
localhost A 192.0.2.4
single A 192.0.2.5
host.onion A 192.0.2.6
host.invalid A 192.0.2.7
brief.example A ttl=1 192.0.2.8
zero.example A ttl=0 192.0.2.9
long.example A ttl=9999999 192.0.2.10
)";

class ClientTest : public testing::Test {
protected:
    FakeServer server_{kZone};
    dns::Client client_{settings_for({server_.address()})};
};

TEST_F(ClientTest, ReadsEachTypeOfRecord) {
    EXPECT_EQ(look_up(client_, "host.example", RecordType::A).addresses.at(1).text(), "192.0.2.2");
    EXPECT_EQ(look_up(client_, "host.example.", RecordType::Aaaa).addresses.at(0).text(),
              "2001:db8::1");
    const dns::Answer mx = look_up(client_, "HOST.example", RecordType::Mx);
    EXPECT_THAT(mx.exchanges, ElementsAre(dns::Exchange{10, "first.example"},
                                          dns::Exchange{20, "second.example"}));
    EXPECT_EQ(mx.ttl, 300s);
    EXPECT_FALSE(mx.secure);
    EXPECT_THAT(look_up(client_, "host.example", RecordType::Txt).texts,
                ElementsAre("v=spf1 -all", std::string("\0\xff", 2) + "and text"));
    EXPECT_THAT(look_up(client_, "host.example", RecordType::Ns).names, ElementsAre("ns.example"));
    EXPECT_THAT(look_up(client_, "host.example", RecordType::Soa).names,
                ElementsAre("host.example"));
    EXPECT_THAT(look_up(client_, "1.2.0.192.in-addr.arpa", RecordType::Ptr).names,
                ElementsAre("host.example"));
    EXPECT_THAT(look_up(client_, "_25._tcp.host.example", RecordType::Tlsa).tlsa,
                ElementsAre(dns::TlsaRecord{3, 1, 1, std::string("\x00\xaa\xff", 3)}));
}

TEST_F(ClientTest, TellsTheNullExchange) {
    EXPECT_THAT(look_up(client_, "null.example", RecordType::Mx).exchanges,
                ElementsAre(dns::Exchange{0, ""}));
}

TEST_F(ClientTest, TellsNoDataFromNoName) {
    EXPECT_EQ(look_up(client_, "host.example", RecordType::Tlsa).status, Status::NoData);
    EXPECT_EQ(look_up(client_, "example", RecordType::A).status, Status::NoData);
    EXPECT_EQ(look_up(client_, "missing.example", RecordType::A).status, Status::NoName);
}

TEST_F(ClientTest, FollowsAliasesAndNamesTheirEnd) {
    const dns::Answer answer = look_up(client_, "www.example", RecordType::A);
    EXPECT_EQ(answer.addresses.size(), 2U);
    EXPECT_EQ(answer.canonical, "host.example");
}

TEST_F(ClientTest, EscapesOddBytesOfNames) {
    EXPECT_THAT(look_up(client_, "odd.example", RecordType::Ptr).names,
                ElementsAre(R"(a\046b\032c\000.example)"));
}

TEST_F(ClientTest, TakesLargeAnswersOverTcp) {
    const dns::Answer answer = look_up(client_, "big.example", RecordType::Txt);
    ASSERT_EQ(answer.status, Status::Found);
    EXPECT_EQ(answer.texts.at(0), std::string(60000, 'x'));
    EXPECT_EQ(server_.asked("udp big.example"), 1U);
    EXPECT_EQ(server_.asked("tcp big.example"), 1U);
}

TEST_F(ClientTest, AsksTheServersForSpecialNamesToo) {
    const std::map<std::string, std::string> cases = {{"host.test", "192.0.2.3"},
                                                      {"localhost", "192.0.2.4"},
                                                      {"single", "192.0.2.5"},
                                                      {"host.onion", "192.0.2.6"},
                                                      {"host.invalid", "192.0.2.7"}};
    for (const auto& [name, address] : cases) {
        SCOPED_TRACE(name);
        const dns::Answer answer = look_up(client_, name, RecordType::A);
        ASSERT_EQ(answer.status, Status::Found);
        EXPECT_EQ(answer.addresses.at(0).text(), address);
    }
}

TEST_F(ClientTest, DoesNotAskForWhatIsNoName) {
    for (const std::string& name :
         {std::string("a..b"), std::string(64, 'a') + ".example", std::string("\xc3\xa4.example"),
          std::string("a\nb"), std::string("a\\")}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(look_up(client_, name, RecordType::A).status, Status::Failed);
    }
    EXPECT_EQ(server_.asked(), 0U);
}

TEST_F(ClientTest, AsksOnceForWhatItKnows) {
    for (int i = 0; i < 3; ++i) {
        look_up(client_, "host.example", RecordType::A);
        look_up(client_, "Host.Example.", RecordType::A);
        look_up(client_, "missing.example", RecordType::A);
    }
    EXPECT_EQ(server_.asked(), 2U);
    EXPECT_EQ(client_.load().cached, 2U);
    EXPECT_EQ(client_.load().hits, 7U);
}

TEST_F(ClientTest, GivesTheTimeThatIsLeft) {
    look_up(client_, "host.example", RecordType::A);
    const dns::Answer again = look_up(client_, "host.example", RecordType::A);
    EXPECT_LE(again.ttl, 300s);
    EXPECT_GE(again.ttl, 295s);
    EXPECT_EQ(look_up(client_, "missing.example", RecordType::A).ttl, 60s);
}

TEST_F(ClientTest, BoundsTheTimeAnswersAreKept) {
    dns::ClientSettings settings = settings_for({server_.address()});
    settings.ttl_min = 20s;
    settings.ttl_max = 200s;
    settings.negative_ttl_max = 30s;
    dns::Client client(settings);
    EXPECT_EQ(look_up(client, "zero.example", RecordType::A).ttl, 20s);
    EXPECT_EQ(look_up(client, "long.example", RecordType::A).ttl, 200s);
    EXPECT_EQ(look_up(client, "missing.example", RecordType::A).ttl, 30s);
    EXPECT_EQ(look_up(client, "zero.example", RecordType::A).status, Status::Found);
    EXPECT_EQ(server_.asked("udp zero.example"), 1U);
}

TEST_F(ClientTest, AsksAgainWhenTheTimeIsOver) {
    look_up(client_, "zero.example", RecordType::A);
    look_up(client_, "zero.example", RecordType::A);
    EXPECT_EQ(server_.asked("udp zero.example"), 2U);
    look_up(client_, "brief.example", RecordType::A);
    std::this_thread::sleep_for(1100ms);
    look_up(client_, "brief.example", RecordType::A);
    EXPECT_EQ(server_.asked("udp brief.example"), 2U);
}

TEST_F(ClientTest, AsksOnceForManyWhoAskAtOnce) {
    FakeServer slow("host.example A 192.0.2.1\nhost.example delay 200ms\n");
    dns::ClientSettings settings = settings_for({slow.address()});
    settings.retry_after = 1s;
    dns::Client client(settings);
    std::vector<std::future<dns::Answer>> answers;
    for (int i = 0; i < 100; ++i) answers.push_back(ask(client, "host.example", RecordType::A));
    for (auto& each : answers) EXPECT_EQ(each.get().status, Status::Found);
    EXPECT_EQ(slow.asked(), 1U);
}

TEST_F(ClientTest, AnswersManyDifferentQuestionsAtOnce) {
    std::string zone;
    for (int i = 0; i < 2000; ++i) {
        zone += "h" + std::to_string(i) + ".example A 10.0." + std::to_string(i / 250) + "." +
                std::to_string(i % 250) + "\n";
    }
    FakeServer server(zone);
    dns::ClientSettings settings = settings_for({server.address()});
    settings.retry_after = 1s;
    settings.timeout = 20s;
    dns::Client client(settings);
    std::vector<std::future<dns::Answer>> answers;
    for (int i = 0; i < 2000; ++i) {
        answers.push_back(ask(client, "h" + std::to_string(i) + ".example", RecordType::A, 20s));
    }
    for (int i = 0; i < 2000; ++i) {
        const dns::Answer answer = answers[static_cast<std::size_t>(i)].get();
        ASSERT_EQ(answer.status, Status::Found) << i << answer.detail;
        EXPECT_EQ(answer.addresses.at(0).text(),
                  "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
    }
    EXPECT_EQ(client.load().waiting, 0U);
}

TEST_F(ClientTest, TellsEachResult) {
    std::array<std::atomic<int>, 6> counts{};
    dns::ClientSettings settings = settings_for({server_.address()});
    settings.on_result = [&](Status status) { ++counts.at(static_cast<std::size_t>(status)); };
    dns::Client client(settings);
    look_up(client, "host.example", RecordType::A);
    look_up(client, "host.example", RecordType::A);
    look_up(client, "missing.example", RecordType::A);
    look_up(client, "a..b", RecordType::A);
    EXPECT_EQ(counts[0], 2);
    EXPECT_EQ(counts[2], 1);
    EXPECT_EQ(counts[3], 1);
}

TEST(Client, AsksAServerByIpv6) {
    std::unique_ptr<FakeServer> server;
    try {
        server =
            std::make_unique<FakeServer>(kZone, std::vector<std::string>{"--listen", "[::1]:0"});
    } catch (const std::runtime_error&) {
        GTEST_SKIP() << "no IPv6 here";
    }
    dns::Client client(settings_for({server->address()}));
    EXPECT_EQ(look_up(client, "host.example", RecordType::A).status, Status::Found);
}

TEST(Client, RefusesToStartWithoutServers) {
    EXPECT_THROW(dns::Client(dns::ClientSettings{}), std::invalid_argument);
}

TEST(Client, RefusesAnAnchorThatIsNotThere) {
    dns::ClientSettings settings = settings_for({"127.0.0.1:53"});
    settings.trust_anchor = "/nowhere/root.key";
    EXPECT_THROW(dns::Client{settings}, std::runtime_error);
}

}  // namespace
}  // namespace postern::tests
