/// @file A next hop that keeps us waiting: how long, and what becomes of the message.

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "gateway/relay/next_hop.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"

namespace postern::relay {
namespace {

using testing_support::Peer;
using testing_support::ScriptedHop;
using namespace std::chrono_literals;

TEST(Connections, ASilentNextHopEndsWithTheTimeout) {
    const struct {
        std::string title;
        ScriptedHop::Behaviour behaviour;
        Course want;
    } cases[] = {
        {"no greeting", [](Peer& peer) { peer.wait_for_end(); }, {.recipients = {kDown}}},
        {"no answer to RCPT",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("250 ok\r\n");
             peer.wait_for_end();
         },
         {.recipients = {kDown}}},
        {"no answer to the message",
         [](Peer& peer) {
             peer.greet();
             peer.line();
             peer.say("250 ok\r\n");
             peer.line();
             peer.say("250 ok\r\n");
             peer.line();
             peer.say("354 go\r\n");
             peer.wait_for_end();
         },
         {{"250 2.0.0 ok"}, Certainty::Unknown, {kDown}, ""}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const ScriptedHop scripted({c.behaviour});
        HopSettings settings = at(scripted.port());
        settings.reply_timeout = settings.final_timeout = 300ms;
        NextHop hop(settings);
        const auto start = std::chrono::steady_clock::now();
        const Course course = deliver(hop, {"bob@dest.test"}, "a\r\n");
        EXPECT_GE(std::chrono::steady_clock::now() - start, 300ms);
        EXPECT_NE(course.problem, "");
        EXPECT_EQ(course.recipients, c.want.recipients);
        EXPECT_EQ(course.certainty, c.want.certainty);
        EXPECT_EQ(course.replies, c.want.replies);
    }
}

TEST(Connections, AReplyThatDripsDoesNotExtendTheTimeout) {
    const ScriptedHop scripted({[](Peer& peer) {
        for (int i = 0; i < 100; ++i) {
            peer.say("220-x\r\n");
            std::this_thread::sleep_for(20ms);
        }
    }});
    HopSettings settings = at(scripted.port());
    settings.reply_timeout = 200ms;
    NextHop hop(settings);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").recipients, Words{kDown});
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);  // the drip lasts 2 s
}

TEST(Connections, ANextHopThatStopsReadingEndsWithTheTimeout) {
    std::promise<void> over;
    const ScriptedHop scripted({[&](Peer& peer) {
        peer.greet();
        for (const char* answer : {"250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
            peer.line();
            peer.say(answer);
        }
        over.get_future().wait();
    }});
    HopSettings settings = at(scripted.port());
    settings.data_timeout = 200ms;
    NextHop hop(settings);
    const Course course =
        deliver(hop, {"bob@dest.test"}, std::string(std::size_t{32} << 20, 'x') + "\r\n");
    over.set_value();
    EXPECT_EQ(course.certainty, Certainty::NotSent);
    EXPECT_EQ(course.replies, Words{kDown});
}

TEST(Connections, ShuttingDownEndsEveryWait) {
    std::promise<void> waiting;
    const ScriptedHop scripted({[&](Peer& peer) {
        peer.greet();
        peer.line();
        waiting.set_value();
        peer.wait_for_end();
    }});
    NextHop hop(at(scripted.port()));
    auto course =
        std::async(std::launch::async, [&] { return deliver(hop, {"bob@dest.test"}, "a\r\n"); });
    waiting.get_future().wait();
    hop.shut_down();
    EXPECT_EQ(course.get().recipients, Words{kDown});
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").problem, "shutting down");
}

}  // namespace
}  // namespace postern::relay
