/// @file Which server a recipient's domain leads to, one message with several routes, and asking
/// for a recipient without a message.

#include <gtest/gtest.h>

#include <map>

#include "gateway/relay/next_hop.hpp"
#include "gateway/relay/next_hop_state.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::relay {
namespace {

using testing_support::Peer;
using testing_support::ScriptedHop;
using testing_support::Sink;
using namespace std::chrono_literals;

Route to(std::vector<std::string> domains, std::uint16_t port) {
    return {.domains = std::move(domains), .hops = {at(port)}};
}

constexpr const char* kKept = "250 2.0.0 kept";

TEST(Routes, TheLongestMatchWins) {
    NextHopState state({.routes = {to({}, 1), to({"a.test"}, 2), to({".a.test"}, 3),
                                   to({"b.a.test", "C.TEST"}, 4), to({".b.a.test"}, 5)}},
                       nullptr);
    const std::map<std::string, int> cases{
        {"a.test", 2},     {"x.a.test", 3},    {"x.y.a.test", 3},   {"b.a.test", 4},
        {"x.b.a.test", 5}, {"c.test", 4},      {"x.c.test", 1},     {"test", 1},
        {"xa.test", 1},    {"[192.0.2.1]", 1}, {"other.example", 1}};
    for (const auto& each : cases) {
        EXPECT_EQ(state.route(each.first).hops().front()->settings().port, each.second)
            << each.first;
    }
}

TEST(Routes, AreRefusedWhenTheyAreNone) {
    EXPECT_THROW(NextHop(NextHopSettings{}), std::invalid_argument);
    EXPECT_THROW(NextHop({.routes = {to({"a.test"}, 1)}}), std::invalid_argument);
    EXPECT_THROW(NextHop({.routes = {to({}, 1), to({}, 2)}}), std::invalid_argument);
    EXPECT_THROW(NextHop({.routes = {Route{}}}), std::invalid_argument);
    HopSettings settings = at(1);
    settings.tls = {.mode = TlsMode::Required, .trust = "/does/not/exist.pem"};
    EXPECT_THROW(NextHop{settings}, std::runtime_error);
}

TEST(Routes, EachRecipientHearsItsOwnServerAndTheMessageGoesToEach) {
    const Sink a({"--refuse", "no@a.test"});
    const Sink b({"--lmtp", "--refuse-late", "full@b.test"});
    const Sink rest;
    Route by_lmtp = to({"b.test"}, b.port());
    by_lmtp.hops[0].protocol = smtp::ClientProtocol::Lmtp;
    NextHop hop({.routes = {to({}, rest.port()), to({"a.test"}, a.port()), by_lmtp}});
    const Course course = deliver(
        hop, {"x@else.test", "full@b.test", "no@a.test", "y@a.test", "z@b.test", "w@else.test"},
        "m\r\n");
    EXPECT_EQ(course.recipients,
              (Words{"250 2.1.5 recipient ok", "250 2.1.5 recipient ok",
                     "550 5.1.1 no such recipient here", "250 2.1.5 recipient ok",
                     "250 2.1.5 recipient ok", "250 2.1.5 recipient ok"}));
    // In the order of those that were accepted: x, full, y, z, w.
    EXPECT_EQ(course.replies, (Words{kKept, "550 5.2.2 mailbox is full", kKept, kKept, kKept}));
    EXPECT_EQ(course.certainty, Certainty::Answered);
    const std::string sender = "MAIL FROM:<alice@sender.test>\n";
    EXPECT_EQ(rest.envelopes()[1], sender + "RCPT TO:<x@else.test>\nRCPT TO:<w@else.test>\n");
    EXPECT_EQ(a.envelopes()[1], sender + "RCPT TO:<y@a.test>\n");
    EXPECT_EQ(b.envelopes()[1], sender + "RCPT TO:<full@b.test>\nRCPT TO:<z@b.test>\n");
    for (const Sink* each : {&a, &b, &rest}) {
        EXPECT_EQ(each->messages()[1], std::string(kPrefix) + "m\r\n");
    }
}

TEST(Routes, OneThatFailsDoesNotHurtTheOthers) {
    const struct {
        std::string title;
        Words options;
        std::string recipient;  ///< answer to RCPT at the bad server
        Words replies;
        Certainty certainty;
    } cases[] = {
        {"down", {"--drop", "connect"}, kDown, {kKept}, Certainty::Answered},
        {"lost before the dot",
         {"--drop", "data"},
         "250 2.1.5 recipient ok",
         {kDown, kKept},
         Certainty::Answered},
        {"lost behind the dot",
         {"--drop", "dot"},
         "250 2.1.5 recipient ok",
         {kDown, kKept},
         Certainty::Unknown},
        {"refuses the message",
         {"--answer", "554"},
         "250 2.1.5 recipient ok",
         {"554 5.0.0 as told", kKept},
         Certainty::Answered},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Sink bad(c.options);
        const Sink good;
        NextHop hop({.routes = {to({}, good.port()), to({"bad.test"}, bad.port())}});
        const Course course = deliver(hop, {"x@bad.test", "y@good.test"}, "m\r\n");
        EXPECT_EQ(course.recipients, (Words{c.recipient, "250 2.1.5 recipient ok"}));
        ASSERT_EQ(course.replies.size(), c.replies.size());
        for (std::size_t i = 0; i < c.replies.size(); ++i) {
            EXPECT_EQ(course.replies[i].substr(0, 9), c.replies[i].substr(0, 9));
        }
        EXPECT_EQ(course.certainty, c.certainty);
        EXPECT_EQ(good.messages().size(), 1U);
    }
}

TEST(Routes, TheSenderRefusedByOneServerIsTakenByTheOther) {
    const ScriptedHop strict({[](Peer& peer) {
        peer.greet();
        peer.line();
        peer.say("550 5.1.8 not from you\r\n");
        peer.wait_for_end();
    }});
    const Sink good;
    NextHop hop({.routes = {to({}, good.port()), to({"strict.test"}, strict.port())}});
    const Course course = deliver(hop, {"a@strict.test", "y@good.test", "b@strict.test"}, "m\r\n");
    EXPECT_EQ(course.recipients, (Words{"550 5.1.8 not from you", "250 2.1.5 recipient ok",
                                        "550 5.1.8 not from you"}));
    EXPECT_EQ(course.replies, Words{kKept});
}

TEST(Names, AreLookedUpAndEachAddressIsTried) {
    const Sink sink;
    HopSettings settings = at(sink.port());
    settings.host = "hop.test";
    tests::FakeResolver dns;
    dns.a("hop.test", {"::2", "127.255.255.254", "127.0.0.1"});  // nothing listens at the first two
    NextHop hop(settings, &dns);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{kKept});
    EXPECT_EQ(dns.asked().size(), 2U);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{kKept});
    EXPECT_EQ(dns.asked().size(), 2U) << "a kept connection needs no name";
    tests::FakeResolver empty;
    NextHop nowhere(settings, &empty);
    const Course course = deliver(nowhere, {"bob@dest.test"}, "a\r\n");
    EXPECT_EQ(course.recipients, Words{kDown});
    EXPECT_EQ(course.problem, "hop.test has no address");
}

TEST(Names, ByMxTheReserveIsTriedWhenTheFirstHostIsDown) {
    const Sink sink;
    HopSettings settings = at(sink.port());
    settings.host = "dest.test";
    settings.mx = true;
    tests::FakeResolver dns;
    dns.mx("dest.test", {{10, "one.test"}, {20, "two.test"}})
        .a("one.test", {"127.255.255.254"})
        .a("two.test", {"127.0.0.1"});
    NextHop hop(settings, &dns);
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{kKept});
}

TEST(Probe, TellsWhatTheServerSaysWithoutAMessage) {
    const Sink sink({"--refuse", "no@dest.test", "--defer", "later@dest.test", "--no-smtputf8"});
    NextHop hop(at(sink.port()));
    const struct {
        std::string recipient;
        ProbeAnswer answer;
        std::string reply;
    } cases[] = {
        {"bob@dest.test", ProbeAnswer::Accepted, "250 2.1.5 recipient ok"},
        {"no@dest.test", ProbeAnswer::Refused, "550 5.1.1 no such recipient here"},
        {"later@dest.test", ProbeAnswer::Deferred, "450 4.2.1 recipient is busy"},
        {"bob@dest.test", ProbeAnswer::Accepted, "250 2.1.5 recipient ok"},
    };
    for (const auto& c : cases) {
        const Probe probe = hop.probe(mailbox(c.recipient), 30s);
        EXPECT_EQ(probe.answer, c.answer) << c.recipient;
        EXPECT_EQ(spoken(probe.reply), c.reply);
        EXPECT_EQ(probe.detail, "");
    }
    EXPECT_EQ(hop.counts().opened, 1U);
    EXPECT_TRUE(sink.messages().empty());
    const auto international = mail::Mailbox::parse("j\xc3\xb6rg@dest.test", mail::Charset::Utf8);
    ASSERT_TRUE(international);
    EXPECT_EQ(hop.probe(*international, 30s).answer, ProbeAnswer::Unknown);
}

TEST(Probe, SaysMailFromNobodyAndTakesItBack) {
    const ScriptedHop scripted({[](Peer& peer) {
        peer.greet();
        EXPECT_EQ(peer.line(), "MAIL FROM:<>");
        peer.say("250 ok\r\n");
        EXPECT_EQ(peer.line(), "RCPT TO:<bob@dest.test>");
        peer.say("250 ok\r\n");
        EXPECT_EQ(peer.line(), "RSET");
        peer.say("250 ok\r\n");
        peer.wait_for_end();
    }});
    NextHop hop(at(scripted.port()));
    EXPECT_EQ(hop.probe(mailbox("bob@dest.test"), 30s).answer, ProbeAnswer::Accepted);
}

TEST(Probe, KnowsNothingWhenNobodyCouldBeAsked) {
    std::uint16_t closed = 0;
    testing_support::listen_on_loopback(closed).reset();
    NextHop down(at(closed));
    EXPECT_EQ(down.probe(mailbox("bob@dest.test"), 30s).answer, ProbeAnswer::Unknown);
    const ScriptedHop no_bounces({[](Peer& peer) {
        peer.greet();
        peer.line();
        peer.say("550 5.7.1 no bounces\r\n");
        peer.wait_for_end();
    }});
    NextHop strict(at(no_bounces.port()));
    const Probe refused = strict.probe(mailbox("bob@dest.test"), 30s);
    EXPECT_EQ(refused.answer, ProbeAnswer::Unknown);
    EXPECT_EQ(spoken(refused.reply), "550 5.7.1 no bounces");
}

TEST(Probe, EndsWithThePatienceOfWhoAsks) {
    const ScriptedHop silent({[](Peer& peer) { peer.wait_for_end(); }});
    NextHop hop(at(silent.port()));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(hop.probe(mailbox("bob@dest.test"), 200ms).answer, ProbeAnswer::Unknown);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);  // the server would have 2 minutes
    EXPECT_TRUE(hop.figures()[0].up) << "impatience says nothing about the server";
}

}  // namespace
}  // namespace postern::relay
