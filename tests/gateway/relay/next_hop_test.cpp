#include "gateway/relay/next_hop.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"

namespace postern::relay {
namespace {

using testing_support::file_with;
using testing_support::Sink;

TEST(NextHop, DeliversByteForByteWithOurFieldsOnTop) {
    const struct {
        std::string title, message;
    } cases[] = {
        {"plain", "Subject: a\r\n\r\nbody\r\n"},
        {"dots at every place", ".\r\n..\r\n...\r\na.\r\n.a\r\n\r\n.\r\n"},
        {"header only", "Subject: a\r\n"},
        {"8-bit", "Subject: a\r\n\r\n\xe4\xf6\xfc \xc3\xa4\xff\x80\r\n"},
        {"a line of 100,000 bytes", "Subject: a\r\n\r\n" + std::string(100000, 'x') + "\r\n"},
        {"dot behind each border of 64 KiB",
         std::string(65534, 'x') + "\r\n." + std::string(65533, 'y') + "\r\n.\r\n"},
        {"CRLF across the border of 64 KiB", std::string(65535, 'x') + "\r\n.dot\r\n"},
        {"NUL", std::string("a\0b\r\n", 5)},
    };
    const Sink sink;
    NextHop hop(at(sink.port()));
    int number = 0;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Course course = deliver(hop, {"bob@dest.test"}, c.message);
        EXPECT_EQ(course.replies, Words{"250 2.0.0 kept"});
        EXPECT_EQ(course.certainty, Certainty::Answered);
        EXPECT_EQ(sink.messages()[++number], std::string(kPrefix) + c.message);
    }
    EXPECT_EQ(hop.counts().opened, 1U);  // and all of it over one connection
    EXPECT_EQ(hop.counts().reused, std::size(cases) - 1);
}

TEST(NextHop, PassesTheAnswersOfTheNextHopOn) {
    const Sink sink({"--refuse", "no@dest.test", "--defer", "later@dest.test"});
    NextHop hop(at(sink.port()));
    const Course course = deliver(
        hop, {"no@dest.test", "bob@dest.test", "later@dest.test", "eve@dest.test"}, "a\r\n");
    EXPECT_EQ(course.recipients,
              (Words{"550 5.1.1 no such recipient here", "250 2.1.5 recipient ok",
                     "450 4.2.1 recipient is busy", "250 2.1.5 recipient ok"}));
    EXPECT_EQ(course.replies, (Words{"250 2.0.0 kept", "250 2.0.0 kept"}));
    EXPECT_EQ(sink.envelopes()[1],
              "MAIL FROM:<alice@sender.test>\nRCPT TO:<bob@dest.test>\nRCPT TO:<eve@dest.test>\n");
}

TEST(NextHop, SaysWhatTheEnvelopeSaid) {
    const Sink sink({"--size", "1000"});
    NextHop hop(at(sink.port()));
    const Envelope bounce{.size = 321, .eight_bit = true};
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n", bounce).replies, Words{"250 2.0.0 kept"});
    EXPECT_EQ(sink.envelopes()[1],
              "MAIL FROM:<> SIZE=321 BODY=8BITMIME\nRCPT TO:<bob@dest.test>\n");
}

TEST(NextHop, AnswersForEachRecipientOfLmtp) {
    const Sink sink({"--lmtp", "--refuse-late", "full@dest.test"});
    HopSettings settings = at(sink.port());
    settings.protocol = smtp::ClientProtocol::Lmtp;
    NextHop hop(settings);
    const Course course =
        deliver(hop, {"bob@dest.test", "full@dest.test", "eve@dest.test"}, "a\r\n");
    EXPECT_EQ(course.replies,
              (Words{"250 2.0.0 kept", "550 5.2.2 mailbox is full", "250 2.0.0 kept"}));
    EXPECT_EQ(course.certainty, Certainty::Answered);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "b\r\n").replies, Words{"250 2.0.0 kept"});
    EXPECT_EQ(hop.counts().opened, 1U);
}

TEST(NextHop, RefusesWhatTheNextHopCannotTake) {
    const Sink sink({"--no-8bitmime", "--no-smtputf8", "--size", "100"});
    NextHop hop(at(sink.port()));
    const Words refused8{"554 5.6.3 Next hop does not take 8-bit content"};
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "\x80\r\n").replies, refused8);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
    Envelope international = from("alice@sender.test");
    international.smtputf8 = true;
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n", international).recipients,
              Words{"550 5.6.7 Next hop does not take internationalized addresses"});
    const std::string too_big = "552 5.3.4 Message is too big for the next hop";
    Envelope big = from("alice@sender.test");
    big.size = 101;
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n", big).recipients, Words{too_big});
    const std::size_t room = 100 - kPrefix.size() - 2;
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, std::string(room, 'x') + "\r\n").replies,
              Words{"250 2.0.0 kept"});
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, std::string(room + 1, 'x') + "\r\n").replies,
              Words{too_big});
    EXPECT_EQ(sink.messages().size(), 2U);
    EXPECT_EQ(hop.counts().opened, 1U);  // refusing costs no connection
}

TEST(NextHop, RefusesBareLineEndsWhichTheNextHopMightTakeForTheEnd) {
    const struct {
        std::string title, message;
    } cases[] = {
        {"LF dot LF", "a\n.\nMAIL FROM:<x@y.test>\r\n"},
        {"LF dot CRLF", "a\n.\r\nb\r\n"},
        {"CR dot CR", "a\r.\rb\r\n"},
        {"bare LF first", "\na\r\n"},
        {"CR last", "a\r\nb\r"},
        {"CR CR LF", "a\r\r\n"},
        {"bare LF at the border of 64 KiB", std::string(65536, 'x') + "\n\r\n"},
    };
    const Sink sink;
    NextHop hop(at(sink.port()));
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(deliver(hop, {"bob@dest.test"}, c.message).replies,
                  Words{"550 5.5.2 Message has a bare CR or LF"});
    }
    EXPECT_TRUE(sink.messages().empty());
}

TEST(NextHop, TellsHowSureItIsWhenTheConnectionIsCut) {
    const struct {
        std::string stage;
        Course want;
    } cases[] = {
        {"connect", {.recipients = {kDown}}},
        {"helo", {.recipients = {kDown}}},
        {"mail", {.recipients = {kDown}}},
        {"recipient", {.recipients = {kDown}}},
        {"data", {{"250 2.1.5 recipient ok"}, Certainty::NotSent, {kDown}, ""}},
        {"message", {{"250 2.1.5 recipient ok"}, Certainty::NotSent, {kDown}, ""}},
        {"dot", {{"250 2.1.5 recipient ok"}, Certainty::Unknown, {kDown}, ""}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.stage);
        const Sink sink({"--drop", c.stage});
        NextHop hop(at(sink.port()));
        // Larger than what the kernel's buffers hold, so that the cut shows before the final dot.
        const std::string message(c.stage == "message" ? std::size_t{16} << 20 : 10, 'x');
        const Course course = deliver(hop, {"bob@dest.test"}, message + "\r\n");
        EXPECT_NE(course.problem, "");
        EXPECT_EQ(course.recipients, c.want.recipients);
        EXPECT_EQ(course.certainty, c.want.certainty);
        EXPECT_EQ(course.replies, c.want.replies);
        EXPECT_EQ(sink.messages().size(), c.stage == "dot" ? 1U : 0U);
        EXPECT_EQ(hop.counts().idle, 0U);
    }
}

TEST(NextHop, SendsNoFinalDotForAMessageItCannotReadToTheEnd) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    Delivery delivery = begun(hop);
    EXPECT_TRUE(delivery.recipient({mailbox("bob@dest.test")}).positive());
    const UniqueFd file = file_with("half\r\n");
    const Sent sent = delivery.send(kPrefix, file.get(), 12);
    EXPECT_EQ(sent.certainty, Certainty::NotSent);
    ASSERT_EQ(sent.replies.size(), 1U);
    EXPECT_EQ(spoken(sent.replies[0]), "451 4.3.0 Message could not be read");
    EXPECT_TRUE(sink.messages().empty());
}

}  // namespace
}  // namespace postern::relay
