#include "gateway/state/greylist.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/state/scripted_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using R = GreylistReason;

class GreylistTest : public testing::Test {
protected:
    void pass(seconds time) {
        now_ += time.count();
        clock_.advance(time);
    }
    static GreylistQuestion question(const char* client, const char* domain, const char* sender,
                                     const char* recipient) {
        GreylistQuestion made{*mail::IpAddress::parse(client), std::nullopt, std::nullopt,
                              *mail::Mailbox::parse(recipient)};
        if (*domain != '\0') made.authenticated = *mail::Domain::parse(domain);
        if (*sender != '\0') made.sender = *mail::Mailbox::parse(sender);
        return made;
    }
    GreylistAnswer ask(const GreylistQuestion& about) {
        const auto answer = Greylist(state_, settings_).ask(about, now_);
        EXPECT_TRUE(answer);
        return answer ? *answer : GreylistAnswer{};
    }
    R reason(const char* client, const char* domain, const char* sender, const char* recipient) {
        const GreylistAnswer answer = ask(question(client, domain, sender, recipient));
        const bool passing = answer.reason != R::FirstTry && answer.reason != R::TooEarly;
        EXPECT_EQ(answer.pass, passing);
        EXPECT_EQ(answer.wait.count() > 0, !passing);
        return answer.reason;
    }

    ManualClock clock_;
    std::int64_t now_ = clock_.clock()() / 1000;
    ScriptedState state_{clock_.clock()};
    GreylistSettings settings_;
    const GreylistQuestion plain_ = question("192.0.2.7", "", "a@b.example", "c@d.example");
};

struct RetryCase {
    const char* title;
    seconds after;
    R reason;
    std::int64_t wait;
};

TEST_F(GreylistTest, ARetryCountsBetweenDelayAndWindow) {
    const RetryCase cases[] = {
        {"a second later", seconds(1), R::TooEarly, 119},
        {"a second early", seconds(119), R::TooEarly, 1},
        {"at the delay", seconds(120), R::Waited, 0},
        {"late", hours(24) - seconds(1), R::Waited, 0},
        {"after the window", hours(24), R::FirstTry, 120},
    };
    for (const RetryCase& c : cases) {
        SCOPED_TRACE(c.title);
        state_.inner().clear();
        const GreylistAnswer first = ask(plain_);
        EXPECT_FALSE(first.pass);
        EXPECT_EQ(first.reason, R::FirstTry);
        EXPECT_EQ(first.wait, minutes(2));
        EXPECT_EQ(first.host, "192.0.2.0/24");
        pass(c.after);
        const GreylistAnswer retry = ask(plain_);
        EXPECT_EQ(retry.reason, c.reason);
        EXPECT_EQ(retry.wait.count(), c.wait);
        EXPECT_EQ(retry.pass, c.wait == 0);
    }
}

TEST_F(GreylistTest, TryingTooEarlyDoesNotBeginAnew) {
    EXPECT_EQ(ask(plain_).reason, R::FirstTry);
    for (int i = 0; i < 11; ++i) {
        pass(seconds(10));
        EXPECT_EQ(ask(plain_).reason, R::TooEarly);
    }
    pass(seconds(10));
    EXPECT_EQ(ask(plain_).reason, R::Waited);
}

TEST_F(GreylistTest, APassLastsFromItsLastUse) {
    static_cast<void>(ask(plain_));
    pass(minutes(2));
    EXPECT_EQ(ask(plain_).reason, R::Waited);
    for (int i = 0; i < 10; ++i) {
        pass(hours(24 * 20));
        EXPECT_EQ(ask(plain_).reason, R::KnownRoute);
    }
    pass(hours(24 * 40));
    EXPECT_EQ(ask(plain_).reason, R::FirstTry);
}

struct KeyCase {
    const char* title;
    const char* client;
    const char* domain;
    const char* sender;
    const char* recipient;
    bool same;  ///< as the one that has waited
};

TEST_F(GreylistTest, TheKeyIsDomainOrNetworkWithSenderAndRecipient) {
    const KeyCase of_network[] = {
        {"another address of the network", "192.0.2.99", "", "a@b.example", "c@d.example", true},
        {"other case", "192.0.2.7", "", "A@B.Example", "C@D.Example", true},
        {"another network", "192.0.3.7", "", "a@b.example", "c@d.example", false},
        {"another sender", "192.0.2.7", "", "x@b.example", "c@d.example", false},
        {"no sender", "192.0.2.7", "", "", "c@d.example", false},
        {"another recipient", "192.0.2.7", "", "a@b.example", "x@d.example", false},
        {"authenticated", "192.0.2.7", "b.example", "a@b.example", "c@d.example", false},
    };
    for (const KeyCase& c : of_network) {
        SCOPED_TRACE(c.title);
        state_.inner().clear();
        static_cast<void>(ask(plain_));
        pass(minutes(2));
        EXPECT_EQ(reason(c.client, c.domain, c.sender, c.recipient),
                  c.same ? R::Waited : R::FirstTry);
    }
    const KeyCase of_domain[] = {
        {"another address", "203.0.113.1", "b.example", "a@b.example", "c@d.example", true},
        {"IPv6", "2001:db8::1", "b.example", "a@b.example", "c@d.example", true},
        {"another domain", "192.0.2.7", "x.example", "a@b.example", "c@d.example", false},
        {"not authenticated", "192.0.2.7", "", "a@b.example", "c@d.example", false},
    };
    for (const KeyCase& c : of_domain) {
        SCOPED_TRACE(c.title);
        state_.inner().clear();
        EXPECT_EQ(reason("192.0.2.7", "b.example", "a@b.example", "c@d.example"), R::FirstTry);
        pass(minutes(2));
        EXPECT_EQ(reason(c.client, c.domain, c.sender, c.recipient),
                  c.same ? R::Waited : R::FirstTry);
    }
}

TEST_F(GreylistTest, OptOutsNeverWait) {
    settings_.recipients_exempt = {"boss@d.example", "e.example", ".f.example"};
    settings_.senders_exempt = {"bank.example"};
    const char* client = "192.0.2.7";
    EXPECT_EQ(reason(client, "", "a@b.example", "Boss@D.example"), R::Exempt);
    EXPECT_EQ(reason(client, "", "", "boss@d.example"), R::Exempt);
    EXPECT_EQ(reason(client, "", "a@b.example", "x@e.example"), R::Exempt);
    EXPECT_EQ(reason(client, "", "a@b.example", "x@sub.f.example"), R::Exempt);
    EXPECT_EQ(reason(client, "", "a@bank.example", "c@d.example"), R::Exempt);
    EXPECT_EQ(reason(client, "", "a@b.example", "other@d.example"), R::FirstTry);
    EXPECT_EQ(reason(client, "", "a@b.example", "x@sub.e.example"), R::FirstTry);
    EXPECT_EQ(reason(client, "", "a@b.example", "x@f.example"), R::FirstTry);
    EXPECT_EQ(reason(client, "", "a@b.example", "x@notf.example"), R::FirstTry);
    EXPECT_EQ(reason(client, "", "a@sub.bank.example", "c@d.example"), R::FirstTry);
}

class Learning : public GreylistTest {
protected:
    /// One sender more that waits properly.
    R wait_once(int i) {
        const std::string sender = "s" + std::to_string(i) + "@b.example";
        EXPECT_EQ(reason("192.0.2.7", "", sender.c_str(), "c@d.example"), R::FirstTry);
        pass(minutes(2));
        return reason("192.0.2.7", "", sender.c_str(), "c@d.example");
    }
};

TEST_F(Learning, AHostThatWaitsOftenEnoughWaitsNoMore) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(wait_once(i), R::Waited);
    EXPECT_EQ(reason("192.0.2.8", "", "new@x.example", "new@d.example"), R::KnownHost);
    EXPECT_EQ(reason("192.0.3.8", "", "new@x.example", "new@d.example"), R::FirstTry);
    for (int i = 0; i < 5; ++i) {  // its life is renewed by use
        pass(hours(24 * 20));
        EXPECT_EQ(reason("192.0.2.8", "", "new@x.example", "new@d.example"), R::KnownHost);
    }
    pass(hours(24 * 40));
    EXPECT_EQ(reason("192.0.2.8", "", "new@x.example", "new@d.example"), R::FirstTry);
}

TEST_F(Learning, OneThatPassesAgainHasNotWaitedAgain) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(wait_once(i), R::Waited);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(reason("192.0.2.7", "", "s0@b.example", "c@d.example"), R::KnownRoute);
    }
    EXPECT_EQ(reason("192.0.2.7", "", "new@b.example", "c@d.example"), R::FirstTry);
}

TEST_F(Learning, CanBeSwitchedOff) {
    settings_.learn_after = 0;
    for (int i = 0; i < 20; ++i) EXPECT_EQ(wait_once(i), R::Waited);
}

TEST_F(GreylistTest, AClockThatIsSetBackHoldsNobodyLongerThanTheDelay) {
    static_cast<void>(ask(plain_));
    now_ -= 10'000;
    EXPECT_LE(ask(plain_).wait, minutes(2));
}

TEST_F(GreylistTest, NonsenseInTheStoreBeginsAnew) {
    settings_.learn_after = 0;
    static_cast<void>(ask(plain_));
    const auto entries = state_.list("grey:", 10);
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 1U);
    for (const char* value : {"", "w", "p", "x123", "w12x", "w99999999999999999999"}) {
        SCOPED_TRACE(value);
        ASSERT_TRUE(state_.put(entries->front().key, value, hours(1)));
        EXPECT_EQ(ask(plain_).reason, R::FirstTry);
        pass(minutes(2));
        EXPECT_TRUE(ask(plain_).pass);
    }
}

TEST_F(GreylistTest, LongAddressesFitInAKey) {
    const std::string domain = std::string(60, 'd') + '.' + std::string(60, 'd') + '.' +
                               std::string(60, 'd') + '.' + std::string(60, 'd') + ".ex";
    const std::string mailbox = std::string(64, 'u') + '@' + domain;
    EXPECT_EQ(reason("192.0.2.7", domain.c_str(), mailbox.c_str(), mailbox.c_str()), R::FirstTry);
    pass(minutes(2));
    EXPECT_EQ(reason("192.0.2.7", domain.c_str(), mailbox.c_str(), mailbox.c_str()), R::Waited);
}

TEST_F(GreylistTest, AStoreThatFailsIsAnErrorAndNoPass) {
    state_.fail(true);
    EXPECT_FALSE(Greylist(state_, settings_).ask(plain_, now_));
    settings_.learn_after = 0;
    EXPECT_FALSE(Greylist(state_, settings_).ask(plain_, now_));
}

}  // namespace
}  // namespace postern::state
