#include "gateway/state/caches.hpp"

#include <gtest/gtest.h>

#include "gateway/state/contacts.hpp"
#include "tests/gateway/state/scripted_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class CachesTest : public testing::Test {
protected:
    void pass(seconds time) {
        now_ += time.count();
        clock_.advance(time);
    }
    static mail::Mailbox mailbox(const char* text) { return *mail::Mailbox::parse(text); }

    ManualClock clock_;
    std::int64_t now_ = clock_.clock()() / 1000;
    ScriptedState state_{clock_.clock()};
};

TEST_F(CachesTest, SeenLatelyForgetsAfterItsLife) {
    const SeenLately banner(state_, "banner", hours(24 * 7));
    const SeenLately other(state_, "other", hours(1));
    EXPECT_FALSE(banner.seen("192.0.2.7").value_or(true));
    ASSERT_TRUE(banner.note("192.0.2.7"));
    EXPECT_TRUE(banner.seen("192.0.2.7").value_or(false));
    EXPECT_FALSE(banner.seen("192.0.2.8").value_or(true));
    EXPECT_FALSE(other.seen("192.0.2.7").value_or(true));
    pass(hours(24 * 7) - seconds(1));
    EXPECT_TRUE(banner.seen("192.0.2.7").value_or(false));
    pass(seconds(1));
    EXPECT_FALSE(banner.seen("192.0.2.7").value_or(true));
    ASSERT_TRUE(banner.note("192.0.2.7"));
    ASSERT_TRUE(banner.forget("192.0.2.7"));
    EXPECT_FALSE(banner.seen("192.0.2.7").value_or(true));
}

TEST_F(CachesTest, NamesLongerThanAKeyAreKeptApart) {
    const SeenLately seen(state_, "helo", hours(1));
    const std::string one = std::string(2000, 'x') + '1';
    const std::string other = std::string(2000, 'x') + '2';
    ASSERT_TRUE(seen.note(one));
    EXPECT_TRUE(seen.seen(one).value_or(false));
    EXPECT_FALSE(seen.seen(other).value_or(true));
}

TEST_F(CachesTest, RecipientsAreKeptAsLongAsTheirAnswerIsGood) {
    const RecipientCache cache(state_, {});
    const auto known = mailbox("Known@d.example");
    const auto unknown = mailbox("unknown@d.example");
    EXPECT_FALSE(cache.find(known).value_or(RecipientAnswer{}));
    ASSERT_TRUE(cache.note(known, {true, "250 2.1.5 fine"}));
    ASSERT_TRUE(cache.note(unknown, {false, "550 5.1.1 no such user"}));
    EXPECT_TRUE(cache.find(mailbox("known@D.example")).value_or({})->exists);
    const auto answer = cache.find(unknown);
    ASSERT_TRUE(answer && *answer);
    EXPECT_FALSE((*answer)->exists);
    EXPECT_EQ((*answer)->reply, "550 5.1.1 no such user");
    pass(hours(2));
    EXPECT_FALSE(cache.find(unknown).value_or(RecipientAnswer{}));  // may have been made meanwhile
    EXPECT_TRUE(cache.find(known).value_or({}));
    pass(hours(24 * 7));
    EXPECT_FALSE(cache.find(known).value_or(RecipientAnswer{}));
    ASSERT_TRUE(cache.note(known, {true, ""}));
    ASSERT_TRUE(cache.forget(known));
    EXPECT_FALSE(cache.find(known).value_or(RecipientAnswer{}));
}

TEST_F(CachesTest, ALongReplyIsCutAndNonsenseIsNotKnown) {
    const RecipientCache cache(state_, {});
    const auto unknown = mailbox("unknown@d.example");
    ASSERT_TRUE(cache.note(unknown, {false, std::string(2000, 'r')}));
    EXPECT_EQ((*cache.find(unknown))->reply.size(), RecipientCache::kMaxReply);
    for (const char* value : {"", "x", "++"}) {
        ASSERT_TRUE(state_.put("rcpt:unknown@d.example", value, hours(1)));
        EXPECT_FALSE(cache.find(unknown).value_or(RecipientAnswer{})) << value;
    }
}

TEST_F(CachesTest, FirstContactIsFirstUntilAMailWasAccepted) {
    const Contacts contacts(state_, {});
    const auto bob = mailbox("bob@d.example");
    EXPECT_TRUE(contacts.find("a@b.example", bob, now_)->first());
    EXPECT_TRUE(contacts.find("a@b.example", bob, now_)->first());  // asking is no contact
    const std::int64_t begun = now_;
    for (int i = 1; i <= 3; ++i) {
        ASSERT_TRUE(contacts.note("a@b.example", bob, now_));
        pass(hours(1));
    }
    const auto contact = contacts.find("A@B.example", mailbox("Bob@d.example"), now_);
    ASSERT_TRUE(contact);
    EXPECT_FALSE(contact->first());
    EXPECT_EQ(contact->since, begun);
    EXPECT_EQ(contact->messages, 3);
    EXPECT_EQ(contact->recipients, 1);
    EXPECT_TRUE(contacts.find("a@b.example", mailbox("eve@d.example"), now_)->first());
    EXPECT_TRUE(contacts.find("x@b.example", bob, now_)->first());
}

TEST_F(CachesTest, PrevalenceCountsRecipientsAndNotMails) {
    const Contacts contacts(state_, {});
    for (int i = 0; i < 7; ++i) {
        const auto recipient = mailbox(("u" + std::to_string(i) + "@d.example").c_str());
        for (int n = 0; n <= i; ++n) ASSERT_TRUE(contacts.note("b.example", recipient, now_));
    }
    const auto contact = contacts.find("b.example", mailbox("new@d.example"), now_);
    ASSERT_TRUE(contact);
    EXPECT_TRUE(contact->first());
    EXPECT_EQ(contact->recipients, 7);
    EXPECT_EQ(contact->messages, 0);
}

TEST_F(CachesTest, AContactLastsFromItsLastMail) {
    const Contacts contacts(state_, {});
    const auto bob = mailbox("bob@d.example");
    const std::int64_t begun = now_;
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(contacts.note("a@b.example", bob, now_));
        pass(hours(24 * 100));
        const auto contact = contacts.find("a@b.example", bob, now_);
        EXPECT_EQ(contact->since, begun);
        EXPECT_GE(contact->messages, 1);
        EXPECT_EQ(contact->recipients, 1);
    }
    pass(hours(24 * 400));
    const auto contact = contacts.find("a@b.example", bob, now_);
    EXPECT_TRUE(contact->first());
    EXPECT_EQ(contact->messages, 0);
    EXPECT_EQ(contact->recipients, 0);
}

TEST_F(CachesTest, AStoreThatFailsIsAnErrorEverywhere) {
    state_.fail(true);
    const auto bob = mailbox("bob@d.example");
    const SeenLately seen(state_, "banner", hours(1));
    EXPECT_FALSE(seen.seen("x"));
    EXPECT_FALSE(seen.note("x"));
    EXPECT_FALSE(seen.forget("x"));
    const RecipientCache cache(state_, {});
    EXPECT_FALSE(cache.find(bob));
    EXPECT_FALSE(cache.note(bob, {true, ""}));
    EXPECT_FALSE(cache.forget(bob));
    const Contacts contacts(state_, {});
    EXPECT_FALSE(contacts.find("a@b.example", bob, now_));
    EXPECT_FALSE(contacts.note("a@b.example", bob, now_));
}

}  // namespace
}  // namespace postern::state
