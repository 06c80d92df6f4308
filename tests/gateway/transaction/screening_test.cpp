#include "gateway/transaction/screening.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/transaction/gateway_in_memory.hpp"

namespace postern::transaction::tests {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

/// With a store that answers at once, and with one that has to be asked on a decision thread: the
/// client must not see a difference.
class Screened : public testing::TestWithParam<bool> {
protected:
    Gateway make(const std::string& toml = "", std::size_t threads = 1) {
        return Gateway({.toml = toml, .store_waits = GetParam(), .threads = threads});
    }
    /// Connects; what the store knows has come.
    static std::optional<smtp::Reply> connect(Client& client) {
        const auto said = client.say(smtp::Connected{});
        if (GetParam() && !said) client.reactor.run_posted();
        return client.reply();
    }
    /// Lets the jobs end that nobody waits for.
    static void settle(Gateway& gateway) { gateway.pool.stop(); }
};
INSTANTIATE_TEST_SUITE_P(Stores, Screened, testing::Bool(),
                         [](const auto& each) { return each.param ? "ThatMayWait" : "InMemory"; });

int code(const std::optional<smtp::Reply>& reply) {
    return reply ? reply->code : 0;
}

TEST_P(Screened, AStrangerWaitsForTheBanner) {
    auto gateway = make();
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(connect(client));
    ASSERT_EQ(client.reactor.timers.size(), 1U);
    EXPECT_EQ(client.reactor.timers.begin()->first, milliseconds(6000));
    EXPECT_TRUE(client.reactor.ring());
    EXPECT_EQ(code(client.reply()), 220);
    EXPECT_FALSE(client.reactor.ring()) << "nothing is left to be done";
}

TEST_P(Screened, WhoSatOutTheWaitNeedNotWaitAgain) {
    auto gateway = make();
    {
        Client first(gateway, Gateway::client());
        EXPECT_FALSE(connect(first));
        first.reactor.ring();
        first.leave(net::Ending::Left);
    }
    settle(gateway);
    ASSERT_TRUE(gateway.memory.get("seen:banner:198.51.100.7").value());
    if (GetParam()) return;  // the pool has stopped
    Client again(gateway, Gateway::client());
    EXPECT_EQ(code(connect(again)), 220);
    Client other(gateway, Gateway::client("198.51.100.8"));
    EXPECT_FALSE(connect(other));
}

TEST_P(Screened, ADurablePassIsKnownToTheStore) {
    auto gateway = make();
    ASSERT_TRUE(gateway.memory.put("seen:banner:198.51.100.7", "1", std::chrono::hours(1)));
    Client client(gateway, Gateway::client());
    EXPECT_EQ(code(connect(client)), 220);
}

TEST_P(Screened, WhoSpeaksFirstIsRefusedAndRemembered) {
    auto gateway = make("[checks.banned]\nthreshold = 4\n");
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(connect(client));
    client.talk_early();
    EXPECT_EQ(code(client.reply()), 521);
    client.talk_early();  // is heard once
    client.leave(net::Ending::Said);
    EXPECT_EQ(gateway.lines("connection").at(0).at("refused_by"), "pregreet");
    settle(gateway);
    EXPECT_EQ(gateway.memory.list("ban:", 10)->size(), 1U) << "4 points of 4";
    EXPECT_FALSE(*gateway.memory.get("seen:banner:198.51.100.7"));
}

TEST_P(Screened, EarlyTalkThatIsOnlyScoredEndsTheWait) {
    auto gateway = make("[checks.pregreet]\nmode = \"score\"\n");
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(connect(client));
    client.talk_early();
    EXPECT_EQ(code(client.reply()), 220);
    client.leave(net::Ending::Left);
    EXPECT_THAT(gateway.lines("connection").at(0).at("findings"), ElementsAre("EARLY_TALKER"));
    settle(gateway);
    EXPECT_FALSE(*gateway.memory.get("seen:banner:198.51.100.7")) << "it did not wait";
}

TEST_P(Screened, TheBannedAreRefusedBeforeTheWait) {
    auto gateway = make();
    const state::Bans bans(gateway.memory, {});
    ASSERT_TRUE(bans.ban(Gateway::client().address, std::chrono::hours(24 * 30), "test",
                         std::time(nullptr)));
    Client client(gateway, Gateway::client());
    EXPECT_EQ(code(connect(client)), 421);
    client.leave(net::Ending::Said);
    const auto line = gateway.lines("connection").at(0);
    EXPECT_EQ(line.at("refused_by"), "banned");
    EXPECT_EQ(line.at("reason"), "refused at the banner");
    EXPECT_EQ(line.at("stage"), "connect");
}

TEST_P(Screened, TooManyConnectionsAreRefusedAtTheLimit) {
    auto gateway = make("[checks.connection_rate]\naddress = 2\nwindow = \"1h\"\n");
    for (const int expected : {0, 0, 421}) {
        Client client(gateway, Gateway::client());
        EXPECT_EQ(code(connect(client)), expected);
    }
}

TEST_P(Screened, OurOwnNeitherWaitNorCount) {
    auto gateway = make("[checks.connection_rate]\naddress = 1\n");
    for (int i = 0; i < 3; ++i) {
        Client client(gateway, Gateway::client("127.0.0.1"));
        EXPECT_EQ(code(client.say(smtp::Connected{})), 220);
    }
    EXPECT_THAT(gateway.dns.asked(), ElementsAre());
}

TEST_P(Screened, InOverloadTheWaitIsShort) {
    auto gateway = make();
    net::ClientFacts facts = Gateway::client();
    facts.load.overload = true;
    Client client(gateway, facts);
    EXPECT_FALSE(connect(client));
    ASSERT_FALSE(client.reactor.timers.empty());
    EXPECT_EQ(client.reactor.timers.begin()->first, milliseconds(1000));
}

TEST_P(Screened, WithoutAWaitTheBannerComesAtOnce) {
    auto gateway = make("[checks.pregreet]\nwait = \"0ms\"\n");
    Client client(gateway, Gateway::client());
    EXPECT_EQ(code(connect(client)), 220);
}

TEST_P(Screened, NamesAreJudgedBehindTheWaitWhereTheyAreToRefuse) {
    auto gateway = make("[checks.no_ptr]\nmode = \"enforce\"\n");
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(connect(client));
    client.reactor.ring();
    client.reactor.run_posted();
    EXPECT_EQ(code(client.reply()), 550);
    client.leave(net::Ending::Said);
    EXPECT_EQ(gateway.lines("connection").at(0).at("refused_by"), "no_ptr");
}

TEST(Screening, WithoutAThreadNothingIsKnownAndTheClientWaits) {
    Gateway gateway({.store_waits = true, .threads = 0});
    ASSERT_TRUE(gateway.memory.put("seen:banner:198.51.100.7", "1", std::chrono::hours(1)));
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(client.say(smtp::Connected{}));
    client.reactor.ring();
    EXPECT_EQ(code(client.reply()), 220);
}

TEST(Screening, WithoutAThreadNobodyIsLetPastACheckThatIsToRefuse) {
    Gateway gateway({.toml = "[checks.no_ptr]\nmode = \"enforce\"\n", .threads = 0});
    Client client(gateway, Gateway::client());
    EXPECT_FALSE(client.say(smtp::Connected{}));
    client.reactor.ring();
    EXPECT_EQ(code(client.reply()), 421);
}

}  // namespace
}  // namespace postern::transaction::tests
