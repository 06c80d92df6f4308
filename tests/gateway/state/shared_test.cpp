/// @file Two gateways on one Redis: what one learns the other knows.

#include <gtest/gtest.h>

#include "gateway/state/bans.hpp"
#include "gateway/state/caches.hpp"
#include "gateway/state/contacts.hpp"
#include "gateway/state/greylist.hpp"
#include "gateway/state/open_state.hpp"
#include "gateway/state/rates.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kNow = 28'333'334 * std::int64_t{60};

class TwoGateways : public testing::Test {
protected:
    void SetUp() override {
        one_ = open();
        other_ = open();
        ASSERT_TRUE(one_ && other_);
    }
    std::unique_ptr<State> open() {
        OpenOptions options;
        options.timeout = seconds(10);
        auto state = open_state(server_.url(), options, nullptr);
        return state ? std::move(state).value() : nullptr;
    }

    RedisServer server_;
    std::unique_ptr<State> one_;
    std::unique_ptr<State> other_;
    const mail::IpAddress client_ = *mail::IpAddress::parse("192.0.2.7");
    const mail::Mailbox recipient_ = *mail::Mailbox::parse("c@d.example");
};

TEST_F(TwoGateways, ShareLimits) {
    RateSettings settings;
    settings.address.connections = 10;
    for (int i = 1; i <= 11; ++i) {
        const Rates rates(i % 2 == 0 ? *one_ : *other_, settings);
        const auto answer = rates.count(Event::Connection, client_, kNow);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->count, i);
        EXPECT_EQ(answer->over, i == 11);
    }
}

TEST_F(TwoGateways, ShareBans) {
    const Bans here(*one_, {});
    const Bans there(*other_, {});
    for (int i = 0; i < 10; ++i) ASSERT_FALSE(here.offend(client_, 1, "x", kNow)->ban);
    for (int i = 0; i < 9; ++i) ASSERT_FALSE(there.offend(client_, 1, "x", kNow)->ban);
    ASSERT_TRUE(there.offend(client_, 1, "x", kNow)->ban);
    EXPECT_TRUE(here.find(client_, kNow).value_or({}));
    EXPECT_EQ(here.list(kNow).value_or({}).size(), 1U);
    EXPECT_TRUE(here.lift(client_, kNow).value_or(false));
    EXPECT_FALSE(there.find(client_, kNow).value_or(std::nullopt));
}

TEST_F(TwoGateways, ShareTheGreylist) {
    const GreylistQuestion question{client_, std::nullopt, std::nullopt, recipient_};
    EXPECT_EQ(Greylist(*one_, {}).ask(question, kNow)->reason, GreylistReason::FirstTry);
    EXPECT_EQ(Greylist(*other_, {}).ask(question, kNow + 60)->reason, GreylistReason::TooEarly);
    EXPECT_EQ(Greylist(*other_, {}).ask(question, kNow + 120)->reason, GreylistReason::Waited);
    EXPECT_EQ(Greylist(*one_, {}).ask(question, kNow + 121)->reason, GreylistReason::KnownRoute);
}

TEST_F(TwoGateways, ShareCaches) {
    ASSERT_TRUE(SeenLately(*one_, "banner", hours(1)).note("192.0.2.7"));
    EXPECT_TRUE(SeenLately(*other_, "banner", hours(1)).seen("192.0.2.7").value_or(false));
    ASSERT_TRUE(RecipientCache(*one_, {}).note(recipient_, {false, "550 5.1.1 no"}));
    EXPECT_EQ((*RecipientCache(*other_, {}).find(recipient_))->reply, "550 5.1.1 no");
    ASSERT_TRUE(Contacts(*one_, {}).note("a@b.example", recipient_, kNow));
    EXPECT_FALSE(Contacts(*other_, {}).find("a@b.example", recipient_, kNow)->first());
}

}  // namespace
}  // namespace postern::state
