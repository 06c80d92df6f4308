/// @file Lists over the real DNS client against a server that is slow, dead or lying: nothing is
/// delayed past its budget, and no failure becomes "not listed".

#include <gtest/gtest.h>

#include "gateway/dns/client.hpp"
#include "gateway/reputation/findings.hpp"
#include "gateway/reputation/lists.hpp"
#include "tests/support/dns/fake_server.hpp"

namespace postern::reputation {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Sanitizers on a busy machine stretch a scheduler's delay.
constexpr milliseconds kGrace(1500);

/// Each zone passes its test points, then behaves as its name says.
constexpr const char* kZone = R"(
2.0.0.127.good.list        A 127.0.0.2
1.2.0.192.good.list        A 127.0.0.4
1.2.0.192.good.list        TXT "why not"
2.0.0.127.slow.list        A 127.0.0.2
1.2.0.192.slow.list        A 127.0.0.4
1.2.0.192.slow.list        delay 5s
2.0.0.127.silent.list      A 127.0.0.2
1.2.0.192.silent.list      drop
2.0.0.127.broken.list      A 127.0.0.2
1.2.0.192.broken.list      rcode SERVFAIL
2.0.0.127.refusing.list    A 127.0.0.2
1.2.0.192.refusing.list    A 127.255.255.254
2.0.0.127.looping.list     A 127.0.0.2
1.2.0.192.looping.list     CNAME 1.2.0.192.looping.list
2.0.0.127.cut.list         A 127.0.0.2
1.2.0.192.cut.list         truncate-always
*.everything.list          A 127.0.0.2
*.parked.list              A 192.0.2.80
*.barred.list              A 127.255.255.254
dead.list                  exists
)";

settings::DnsList list_named(const std::string& name) {
    settings::DnsList list;
    list.name = name;
    list.zone = name + ".list";
    list.subjects = {ListSubject::Client};
    list.codes = {settings::parse_list_code("127.0.0.2-255").value()};
    list.reason = true;
    return list;
}

class HostileDns : public testing::Test {
protected:
    static dns::ClientSettings client_settings(const std::string& server) {
        dns::ClientSettings made;
        made.servers = dns::read_servers({server});
        made.timeout = std::chrono::seconds(1);
        return made;
    }
    void start(const std::vector<std::string>& names) {
        settings::Lists settings;
        for (const std::string& each : names) settings.dns.push_back(list_named(each));
        lists_.emplace(settings, client_, [this](const Alarm& alarm) {
            const std::lock_guard lock(mutex_);
            alarms_.push_back(alarm.list);
        });
        ASSERT_TRUE(lists_->settle());
    }
    std::vector<std::string> alarms() {
        const std::lock_guard lock(mutex_);
        std::sort(alarms_.begin(), alarms_.end());
        return alarms_;
    }

    tests::FakeServer server_{kZone};
    std::mutex mutex_;
    std::vector<std::string> alarms_;
    dns::Client client_{client_settings(server_.address())};
    std::optional<Lists> lists_;
    mail::IpAddress address_ = mail::IpAddress::parse("192.0.2.1").value();
};

TEST_F(HostileDns, OneGoodListIsHeardBesideAllThatAreNot) {
    start({"slow", "silent", "broken", "refusing", "looping", "cut", "good"});
    EXPECT_TRUE(alarms().empty());
    const auto begin = steady_clock::now();
    dns::Inquiry inquiry(client_, {.per_lookup = milliseconds(700)});
    const ListAnswer answer = lists_->client(address_, inquiry);
    EXPECT_LT(steady_clock::now() - begin, milliseconds(700) + kGrace);
    ASSERT_EQ(answer.listings.size(), 1U);
    EXPECT_EQ(answer.listings[0].list, "good");
    EXPECT_EQ(answer.listings[0].reason, "why not");
    EXPECT_EQ(answer.unknowns.size(), 6U);
}

TEST_F(HostileDns, TheSameWithoutAThreadThatWaits) {
    start({"slow", "silent", "broken", "refusing", "looping", "cut", "good"});
    std::mutex mutex;
    std::condition_variable told;
    std::optional<ListAnswer> answer;
    const auto begin = steady_clock::now();
    lists_->client(address_, begin + milliseconds(700), [&](ListAnswer given) {
        const std::lock_guard lock(mutex);
        answer = std::move(given);
        told.notify_all();
    });
    EXPECT_LT(steady_clock::now() - begin, milliseconds(400));
    std::unique_lock lock(mutex);
    ASSERT_TRUE(told.wait_for(lock, std::chrono::seconds(10), [&] { return answer.has_value(); }));
    EXPECT_LT(steady_clock::now() - begin, milliseconds(700) + kGrace);
    EXPECT_EQ(answer->listings.size(), 1U);
    EXPECT_EQ(answer->unknowns.size(), 6U);
}

TEST_F(HostileDns, ListsThatLieOrAreDeadAreSuspendedAtTheStart) {
    start({"everything", "parked", "barred", "dead", "good"});
    EXPECT_EQ(alarms(), (std::vector<std::string>{"barred", "dead", "everything", "parked"}));
    dns::Inquiry inquiry(client_, {});
    const ListAnswer answer = lists_->client(address_, inquiry);
    EXPECT_EQ(answer.listings.size(), 1U);
    EXPECT_EQ(answer.unknowns.size(), 4U);
    EXPECT_EQ(client_findings(answer).size(), 5U);
}

TEST_F(HostileDns, AServerThatIsGoneSuspendsAllAndPassesNobody) {
    server_.stop();
    start({"good"});
    EXPECT_EQ(alarms(), std::vector<std::string>{"good"});
    dns::Inquiry inquiry(client_, {});
    const ListAnswer answer = lists_->client(address_, inquiry);
    EXPECT_TRUE(answer.listings.empty());
    EXPECT_EQ(answer.unknowns.size(), 1U);
}

}  // namespace
}  // namespace postern::reputation
