/// Cache, servers, addresses: what needs no network.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway/dns/addresses.hpp"
#include "gateway/dns/cache.hpp"
#include "gateway/dns/dice.hpp"
#include "gateway/dns/servers.hpp"
#include "tests/support/dns/fake_resolver.hpp"
#include "tests/support/dns/fake_server.hpp"

namespace postern::dns {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Answer kept_for(std::chrono::seconds ttl, std::string text = "x") {
    Answer answer;
    answer.status = Status::Found;
    answer.ttl = ttl;
    answer.texts = {std::move(text)};
    return answer;
}

TEST(Cache, GivesAnswersUntilTheirTimeIsOver) {
    Cache cache(1 << 20);
    const TimePoint start{};
    cache.put("k", kept_for(10s), start);
    EXPECT_EQ(cache.find("k", start)->ttl, 10s);
    EXPECT_EQ(cache.find("k", start + 9500ms)->ttl, 1s);
    EXPECT_FALSE(cache.find("k", start + 10s));
    EXPECT_EQ(cache.size().answers, 0U);
    EXPECT_EQ(cache.size().bytes, 0U);
}

TEST(Cache, DoesNotKeepWhatHasNoTime) {
    Cache cache(1 << 20);
    cache.put("k", kept_for(0s), TimePoint{});
    EXPECT_EQ(cache.size().answers, 0U);
}

TEST(Cache, ANewAnswerReplacesTheOld) {
    Cache cache(1 << 20);
    cache.put("k", kept_for(10s, std::string(1000, 'x')), TimePoint{});
    const std::size_t before = cache.size().bytes;
    cache.put("k", kept_for(10s, "new"), TimePoint{});
    EXPECT_THAT(cache.find("k", TimePoint{})->texts, ElementsAre("new"));
    EXPECT_EQ(cache.size().answers, 1U);
    EXPECT_LT(cache.size().bytes, before);
}

TEST(Cache, DropsWhatWasNotUsedForLongest) {
    Cache one(1 << 20);
    one.put("a", kept_for(10s), TimePoint{});
    Cache cache(3 * one.size().bytes);
    for (const char* key : {"a", "b", "c"}) cache.put(key, kept_for(10s), TimePoint{});
    EXPECT_TRUE(cache.find("a", TimePoint{}));
    cache.put("d", kept_for(10s), TimePoint{});
    EXPECT_TRUE(cache.find("a", TimePoint{}));
    EXPECT_FALSE(cache.find("b", TimePoint{}));
    EXPECT_EQ(cache.size().answers, 3U);
    cache.put("big", kept_for(10s, std::string(100000, 'x')), TimePoint{});
    EXPECT_EQ(cache.size().answers, 3U) << "what cannot fit pushes nobody out";
}

TEST(Cache, StaysWithinItsSize) {
    Cache cache(64 << 10);
    for (int i = 0; i < 10000; ++i) {
        cache.put(std::to_string(i),
                  kept_for(10s, std::string(static_cast<std::size_t>(i % 3000), 'x')), TimePoint{});
        ASSERT_LE(cache.size().bytes, std::size_t{64} << 10);
    }
    EXPECT_GT(cache.size().answers, 10U);
    Cache nothing(0);
    nothing.put("k", kept_for(10s), TimePoint{});
    EXPECT_EQ(nothing.size().answers, 0U);
}

TEST(Servers, ReadsAddressesAndPorts) {
    for (const char* text : {"192.0.2.1:53", "[2001:db8::1]:5353"}) {
        EXPECT_EQ(Server::parse(text).text(), text);
    }
    for (const char* text :
         {"", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "host.example:53",
          "2001:db8::1:53", "[192.0.2.1]:53", "192.0.2.1:dns", ":53", "[]:53"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW((void)Server::parse(text), std::invalid_argument);
    }
}

TEST(Servers, AreThoseOfTheHostWithoutConfiguration) {
    const tests::ScratchFolder folder;
    std::ofstream(folder.file("resolv.conf")) << "# nameserver 192.0.2.9\n"
                                                 "search example\n"
                                                 "nameserver 192.0.2.1\n"
                                                 "nameserver not-an-address\n"
                                                 " nameserver  2001:db8::1 \n";
    std::vector<std::string> texts;
    for (const Server& each : servers_of_host(folder.file("resolv.conf"))) {
        texts.push_back(each.text());
    }
    EXPECT_THAT(texts, ElementsAre("192.0.2.1:53", "[2001:db8::1]:53"));
    texts.clear();
    for (const Server& each : servers_of_host(folder.file("missing"))) texts.push_back(each.text());
    EXPECT_THAT(texts, ElementsAre("127.0.0.1:53", "[::1]:53"));
}

std::vector<std::string> texts_of(const HostAddresses& found) {
    std::vector<std::string> texts;
    for (const auto& each : found.addresses) texts.push_back(each.text());
    return texts;
}

TEST(Addresses, AreThoseOfBothKinds) {
    tests::FakeResolver resolver;
    resolver.a("both.example", {"192.0.2.1", "2001:db8::1"}).a("four.example", {"192.0.2.2"});
    resolver.txt("none.example", {"x"});
    const auto find = [&](const std::string& host) {
        return addresses_of(host, resolver, TimePoint::max());
    };
    EXPECT_THAT(texts_of(find("both.example")), ElementsAre("2001:db8::1", "192.0.2.1"));
    EXPECT_THAT(texts_of(find("four.example")), ElementsAre("192.0.2.2"));
    EXPECT_EQ(find("none.example").status, Status::NoData);
    EXPECT_EQ(find("missing.example").status, Status::NoName);
}

TEST(Addresses, AFailureIsNotHiddenByTheOtherKind) {
    tests::FakeResolver resolver;
    resolver.fails("h.example", RecordType::A).a("half.example", {"2001:db8::1"});
    resolver.fails("half.example", RecordType::A, Status::Late);
    resolver.fails("six.example", RecordType::Aaaa, Status::Late);
    const auto find = [&](const std::string& host) {
        return addresses_of(host, resolver, TimePoint::max());
    };
    EXPECT_EQ(find("h.example").status, Status::Failed);
    EXPECT_EQ(find("six.example").status, Status::Late);
    EXPECT_EQ(find("half.example").status, Status::Found);
}

TEST(Addresses, AddressesAndLocalhostAskNobody) {
    tests::FakeResolver resolver;
    EXPECT_THAT(texts_of(addresses_of("192.0.2.7", resolver, TimePoint::max())),
                ElementsAre("192.0.2.7"));
    EXPECT_THAT(texts_of(addresses_of("LocalHost.", resolver, TimePoint::max())),
                ElementsAre("::1", "127.0.0.1"));
    EXPECT_TRUE(resolver.asked().empty());
}

TEST(Dice, ScramblesLettersOnly) {
    Dice dice;
    const std::string wire("\x3f-1_abcdefghijklmnopqrstuvwxyz\0", 31);
    std::size_t different = 0;
    for (int i = 0; i < 20; ++i) {
        std::string name = wire;
        dice.scramble_case(name);
        EXPECT_TRUE(ascii_iequal(name, wire));
        different += name != wire ? 1U : 0U;
    }
    EXPECT_GE(different, 19U);
}

}  // namespace
}  // namespace postern::dns
