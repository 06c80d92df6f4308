/// @file Several servers: which one gets the message when others are down, slow, or change their
/// mind.

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "gateway/relay/next_hop.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"

namespace postern::relay {
namespace {

using testing_support::Peer;
using testing_support::ScriptedHop;
using testing_support::Sink;
using namespace std::chrono_literals;

/// A port where nothing listens.
std::uint16_t closed_port() {
    std::uint16_t port = 0;
    testing_support::listen_on_loopback(port).reset();
    return port;
}

/// One after the other, as `hosts = [...]` says.
NextHopSettings in_order(std::vector<HopSettings> hops) {
    for (std::size_t i = 0; i < hops.size(); ++i) hops[i].priority = static_cast<std::uint16_t>(i);
    return {.routes = {Route{.hops = std::move(hops)}},
            .health = {.first_pause = 1h, .longest_pause = 1h}};
}

NextHopSettings in_order(std::uint16_t first, std::uint16_t second) {
    return in_order({at(first), at(second)});
}

constexpr const char* kTaken = "250 2.1.5 recipient ok";
const Words kKept{"250 2.0.0 kept"};

TEST(FailOver, AServerThatIsDownIsReplacedWithoutTheClientNoticing) {
    for (const std::string stage : {"connect", "helo", "mail", "recipient", "data", "message"}) {
        SCOPED_TRACE(stage);
        const Sink first({"--drop", stage});
        const Sink second;
        NextHop hop(in_order(first.port(), second.port()));
        // Larger than what the kernel's buffers hold, so that the cut shows before the final dot.
        const std::string message =
            std::string(stage == "message" ? std::size_t{16} << 20 : 10, 'x') + "\r\n";
        const Course course = deliver(hop, {"bob@dest.test", "eve@dest.test"}, message);
        EXPECT_EQ(course.recipients, (Words{kTaken, kTaken}));
        EXPECT_EQ(course.replies, (Words{kKept[0], kKept[0]}));
        EXPECT_EQ(course.certainty, Certainty::Answered);
        EXPECT_EQ(course.problem, "");
        EXPECT_TRUE(first.messages().empty());
        ASSERT_EQ(second.messages().size(), 1U);
        EXPECT_EQ(second.messages()[1], std::string(kPrefix) + message);
        EXPECT_EQ(
            second.envelopes()[1],
            "MAIL FROM:<alice@sender.test>\nRCPT TO:<bob@dest.test>\nRCPT TO:<eve@dest.test>\n");
    }
}

TEST(FailOver, WhatMayHaveArrivedIsNotSentToAnotherServer) {
    const Sink first({"--drop", "dot"});
    const Sink second;
    NextHop hop(in_order(first.port(), second.port()));
    const Course course = deliver(hop, {"bob@dest.test"}, "a\r\n");
    EXPECT_EQ(course.certainty, Certainty::Unknown);
    EXPECT_EQ(course.replies, Words{kDown});
    EXPECT_TRUE(second.messages().empty());
}

TEST(FailOver, SaysWhichAnswersMeanAnotherServer) {
    const struct {
        std::string title;
        ScriptedHop::Behaviour first;
        std::string want;  ///< answer to RCPT
        bool second_asked;
    } cases[] = {
        {"greets with 421", [](Peer& peer) { peer.say("421 4.3.2 busy\r\n"); }, kTaken, true},
        {"greets with 554", [](Peer& peer) { peer.say("554 5.7.1 no\r\n"); }, kTaken, true},
        {"refuses EHLO",
         [](Peer& peer) {
             peer.say("220 hop\r\n");
             peer.line();
             peer.say("550 5.7.1 no\r\n");
         },
         kTaken, true},
        {"421 on MAIL",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("421 4.3.2 busy\r\n");
         },
         kTaken, true},
        {"452 on MAIL",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("452 4.3.1 no room\r\n");
             peer.wait_for_end();
         },
         kTaken, true},
        {"550 on MAIL",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("550 5.1.8 not from you\r\n");
             peer.wait_for_end();
         },
         "550 5.1.8 not from you", false},
        {"421 on RCPT",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("250 ok\r\n");
             peer.line();
             peer.say("421 4.3.2 busy\r\n");
         },
         kTaken, true},
        {"450 on RCPT",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("250 ok\r\n");
             peer.line();
             peer.say("450 4.2.1 busy\r\n");
             peer.wait_for_end();
         },
         "450 4.2.1 busy", false},
        {"no SMTPUTF8",
         [](Peer& peer) {
             peer.greet();
             peer.wait_for_end();
         },
         kTaken, true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const ScriptedHop first({c.first});
        const Sink second;
        NextHop hop(in_order(first.port(), second.port()));
        Envelope envelope = from("alice@sender.test");
        envelope.smtputf8 = c.title == "no SMTPUTF8";
        EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n", envelope).recipients, Words{c.want});
        EXPECT_EQ(second.messages().size(), c.second_asked ? 1U : 0U);
    }
}

TEST(FailOver, TheAnswerWhenNoServerIsLeft) {
    const auto says_on_mail = [](std::string reply) {
        return [reply](Peer& peer) {
            peer.greet();
            peer.line();
            peer.say(reply + "\r\n");
            peer.wait_for_end();
        };
    };
    const struct {
        std::string title;
        std::vector<std::string> on_mail;  ///< "": down
        bool utf8;
        std::string want;
    } cases[] = {
        {"all down", {"", ""}, false, kDown},
        {"the first has answered", {"452 4.3.1 no room", ""}, false, "452 4.3.1 no room"},
        {"the first answer of two",
         {"452 4.3.1 no room", "451 4.3.0 else"},
         false,
         "452 4.3.1 no room"},
        {"a permanent one behind a temporary one",
         {"452 4.3.1 no room", "550 5.1.8 no"},
         false,
         "550 5.1.8 no"},
        {"a reserve does not offer it, the first is down", {"", "250"}, true, kDown},
        {"none offers it",
         {"250", "250"},
         true,
         "550 5.6.7 Next hop does not take internationalized addresses"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        std::vector<std::unique_ptr<ScriptedHop>> scripted;
        std::vector<HopSettings> hops;
        for (const std::string& reply : c.on_mail) {
            if (reply.empty()) {
                hops.push_back(at(closed_port()));
            } else {
                scripted.push_back(std::make_unique<ScriptedHop>(
                    std::vector<ScriptedHop::Behaviour>{says_on_mail(reply)}));
                hops.push_back(at(scripted.back()->port()));
            }
        }
        NextHop hop(in_order(hops));
        Envelope envelope = from("alice@sender.test");
        envelope.smtputf8 = c.utf8;
        const Course course = deliver(hop, {"bob@dest.test", "eve@dest.test"}, "a\r\n", envelope);
        EXPECT_EQ(course.recipients, (Words{c.want, c.want}));
        EXPECT_TRUE(course.replies.empty());
    }
}

TEST(FailOver, TheOneThatTakesOverHearsTheRecipientsAcceptedBefore) {
    for (const std::string extension : {"", "--no-pipelining"}) {
        SCOPED_TRACE(extension);
        const Sink second(extension.empty() ? Words{"--refuse", "eve@dest.test"}
                                            : Words{"--refuse", "eve@dest.test", extension});
        const ScriptedHop first({[](Peer& peer) {
            peer.greet();
            for (int i = 0; i < 3; ++i) {  // MAIL, two recipients
                peer.line();
                peer.say("250 ok\r\n");
            }
            peer.line();  // the third, and gone
        }});
        NextHop hop(in_order(first.port(), second.port()));
        const Course course =
            deliver(hop, {"bob@dest.test", "eve@dest.test", "joe@dest.test"}, "a\r\n");
        EXPECT_EQ(course.recipients, (Words{"250 2.0.0 ok", "250 2.0.0 ok", kTaken}));
        // The client has heard 250 for eve: the reserve's refusal comes with the last answer.
        EXPECT_EQ(course.replies, (Words{kKept[0], "550 5.1.1 no such recipient here", kKept[0]}));
        EXPECT_EQ(
            second.envelopes()[1],
            "MAIL FROM:<alice@sender.test>\nRCPT TO:<bob@dest.test>\nRCPT TO:<joe@dest.test>\n");
        EXPECT_EQ(hop.counts().replaced, 1U);
    }
}

TEST(FailOver, AReserveThatWantsNoneOfThemIsToldNothing) {
    const ScriptedHop first({[](Peer& peer) {
        peer.greet();
        for (int i = 0; i < 2; ++i) {
            peer.line();
            peer.say("250 ok\r\n");
        }
        peer.line();  // DATA, and gone
    }});
    const Sink second({"--refuse", "bob@dest.test"});
    NextHop hop(in_order(first.port(), second.port()));
    const Course course = deliver(hop, {"bob@dest.test"}, "a\r\n");
    EXPECT_EQ(course.recipients, Words{"250 2.0.0 ok"});
    EXPECT_EQ(course.replies, Words{"550 5.1.1 no such recipient here"});
    EXPECT_EQ(course.certainty, Certainty::Answered);
    EXPECT_TRUE(second.messages().empty());
}

TEST(FailOver, LmtpRepliesKeepTheirRecipients) {
    const ScriptedHop first({[](Peer& peer) {
        peer.greet();
        for (int i = 0; i < 4; ++i) {
            peer.line();
            peer.say("250 ok\r\n");
        }
        peer.line();  // DATA, and gone
    }});
    const Sink second({"--lmtp", "--refuse", "a@dest.test", "--refuse-late", "b@dest.test"});
    std::vector<HopSettings> hops{at(first.port()), at(second.port())};
    for (HopSettings& each : hops) each.protocol = smtp::ClientProtocol::Lmtp;
    NextHop hop(in_order(hops));
    const Course course = deliver(hop, {"a@dest.test", "b@dest.test", "c@dest.test"}, "x\r\n");
    EXPECT_EQ(course.replies,
              (Words{"550 5.1.1 no such recipient here", "550 5.2.2 mailbox is full", kKept[0]}));
}

TEST(FailOver, AServerFoundDownIsLeftAloneByTheNextMessages) {
    const Sink second;
    NextHop hop(in_order(closed_port(), second.port()));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, kKept);
    const std::vector<HopFigures> figures = hop.figures();
    ASSERT_EQ(figures.size(), 2U);
    EXPECT_FALSE(figures[0].up);
    EXPECT_EQ(figures[0].failures, 1U);
    EXPECT_TRUE(figures[1].up);
    EXPECT_EQ(figures[1].messages, 3U);
    EXPECT_EQ(figures[1].counts.opened, 1U);  // reuse goes on
    EXPECT_EQ(figures[1].counts.reused, 2U);
}

TEST(FailOver, WithAllServersDownTheyAreTriedAllTheSame) {
    const std::uint16_t port = closed_port();
    NextHop hop(in_order(closed_port(), port));
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").recipients, Words{kDown});
    EXPECT_FALSE(hop.figures()[0].up);
    EXPECT_FALSE(hop.figures()[1].up);
    const Sink back({"--listen", "127.0.0.1:" + std::to_string(port)});
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, kKept);  // the pause is an hour
    EXPECT_TRUE(hop.figures()[1].up);
}

TEST(FailOver, WithAllServersDownOnlySoManyThreadsWaitForThem) {
    NextHopSettings settings = in_order({at(closed_port())});
    settings.health.tries_while_down = 0;
    NextHop hop(settings);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").recipients, Words{kDown});
    const Course second = deliver(hop, {"bob@dest.test"}, "a\r\n");
    EXPECT_EQ(second.recipients, Words{kDown});
    EXPECT_NE(second.problem.find("others try it already"), std::string::npos) << second.problem;
    EXPECT_EQ(hop.figures()[0].failures, 1U);
}

/// Waits for what a NextHop tells of its servers.
class Changes {
public:
    void operator()(const HopChange& change) {
        const std::lock_guard lock(mutex_);
        told_.push_back(change);
        news_.notify_all();
    }
    [[nodiscard]] bool wait_for(bool up) {
        std::unique_lock lock(mutex_);
        return news_.wait_for(lock, 30s, [&] { return !told_.empty() && told_.back().up == up; });
    }

private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<HopChange> told_;
};

TEST(FailOver, ACheckBringsAServerBackAndItsConnectionIsUsed) {
    const std::uint16_t port = closed_port();
    const Sink second;
    Changes changes;
    NextHopSettings settings = in_order(port, second.port());
    settings.health = {.first_pause = 10ms, .longest_pause = 50ms};
    settings.changed = [&](const HopChange& change) { changes(change); };
    NextHop hop(settings);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, kKept);
    EXPECT_TRUE(changes.wait_for(false));
    const Sink first({"--listen", "127.0.0.1:" + std::to_string(port)});
    ASSERT_TRUE(changes.wait_for(true));
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "b\r\n").replies, kKept);
    EXPECT_EQ(first.messages().size(), 1U);
    EXPECT_EQ(hop.figures()[0].counts.opened, hop.figures()[0].counts.reused);
}

TEST(FailOver, SharesMessagesByWeight) {
    const Sink heavy;
    const Sink light;
    std::vector<HopSettings> hops{at(heavy.port()), at(light.port())};
    hops[0].weight = 3;
    NextHop hop(NextHopSettings{.routes = {Route{.hops = hops}}});
    for (int i = 0; i < 12; ++i) EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, kKept);
    EXPECT_EQ(heavy.messages().size(), 9U);
    EXPECT_EQ(light.messages().size(), 3U);
    EXPECT_EQ(hop.counts().opened, 2U);
}

TEST(FailOver, ShuttingDownEndsTheWatchToo) {
    NextHopSettings settings = in_order({at(closed_port())});
    settings.health = {.first_pause = 1ms, .longest_pause = 1ms};
    NextHop hop(settings);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").recipients, Words{kDown});
    hop.shut_down();
    hop.shut_down();
}

}  // namespace
}  // namespace postern::relay
