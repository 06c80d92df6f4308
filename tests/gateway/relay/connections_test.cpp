/// @file How connections to the next hop are made, kept, used again and given up.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "gateway/relay/next_hop.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"

namespace postern::relay {
namespace {

using testing_support::Child;
using testing_support::Peer;
using testing_support::ScriptedHop;
using testing_support::Sink;
using namespace std::chrono_literals;

/// Takes one message, as a server that offers nothing.
void take_message(Peer& peer) {
    peer.line();  // MAIL
    peer.say("250 ok\r\n");
    peer.line();  // RCPT
    peer.say("250 ok\r\n");
    peer.line();  // DATA
    peer.say("354 go\r\n");
    while (peer.line() != "." && !peer.gone()) {
    }
    peer.say("250 kept\r\n");
}

TEST(Connections, RsetMakesAnAbandonedOneUsableAgain) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    {
        Delivery delivery = begun(hop);
        EXPECT_TRUE(delivery.recipient({mailbox("bob@dest.test")}).positive());
    }  // abandoned
    Delivery unused = begun(hop);
    unused.abandon();
    EXPECT_EQ(spoken(unused.recipient({mailbox("bob@dest.test")})), kDown);
    EXPECT_EQ(deliver(hop, {"eve@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
    EXPECT_EQ(sink.envelopes()[1], "MAIL FROM:<alice@sender.test>\nRCPT TO:<eve@dest.test>\n");
    EXPECT_EQ(hop.counts().opened, 1U);
    EXPECT_EQ(hop.counts().idle, 1U);
}

TEST(Connections, OneThatDiedUnnoticedIsReplacedBeforeMailIsAnswered) {
    const struct {
        std::string title;
        ScriptedHop::Behaviour second_transaction;
        std::uint64_t retried;
    } cases[] = {
        // The end is seen before the connection is used, or when it is: both come out the same.
        {"closes on MAIL", [](Peer& peer) { peer.line(); }, 1},
        {"says 421 on MAIL",
         [](Peer& peer) {
             peer.line();
             peer.say("421 4.4.2 idle too long\r\n");
         },
         1},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const ScriptedHop scripted({[&](Peer& peer) {
                                        peer.greet();
                                        take_message(peer);
                                        c.second_transaction(peer);
                                    },
                                    [](Peer& peer) {
                                        peer.greet();
                                        take_message(peer);
                                    }});
        NextHop hop(at(scripted.port()));
        EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
        EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "b\r\n").replies, Words{"250 2.0.0 kept"});
        EXPECT_EQ(hop.counts().opened, 2U);
        EXPECT_EQ(hop.counts().retried, c.retried);
    }
}

TEST(Connections, OneThatSpeaksWhileIdleIsNotUsed) {
    std::promise<void> said;
    const ScriptedHop scripted({[&](Peer& peer) {
                                    peer.greet();
                                    take_message(peer);
                                    peer.say("421 4.4.2 idle too long\r\n");
                                    peer.wait_until_taken();
                                    said.set_value();
                                },
                                [](Peer& peer) {
                                    peer.greet();
                                    take_message(peer);
                                }});
    NextHop hop(at(scripted.port()));
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
    said.get_future().wait();
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "b\r\n").replies, Words{"250 2.0.0 kept"});
    EXPECT_EQ(hop.counts().retried, 0U);
    EXPECT_EQ(hop.counts().opened, 2U);
}

TEST(Connections, AKeptOneThatIsLostInTheTransactionIsReplacedOnce) {
    const ScriptedHop scripted({[](Peer& peer) {
                                    peer.greet();
                                    take_message(peer);
                                    peer.line();  // MAIL
                                    peer.say("250 ok\r\n");
                                    peer.line();  // RCPT, and gone
                                },
                                [](Peer& peer) {
                                    peer.greet();
                                    peer.line();  // MAIL
                                    peer.say("250 ok\r\n");
                                    peer.line();  // RCPT, and gone again
                                }});
    NextHop hop(at(scripted.port()));
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "b\r\n").recipients, Words{kDown});
    EXPECT_EQ(hop.counts().opened, 2U);
    EXPECT_EQ(hop.counts().retried, 0U);  // it had answered
}

TEST(Connections, ARefusedSenderIsTheAnswerToEachRecipient) {
    for (const std::string extension : {"", "250-PIPELINING\r\n"}) {
        SCOPED_TRACE(extension);
        const ScriptedHop scripted({[&](Peer& peer) {
            peer.greet(extension);
            peer.line();
            if (!extension.empty()) {
                EXPECT_EQ(peer.line(), "RCPT TO:<bob@dest.test>");
            }
            peer.say("550 5.1.8 not from you\r\n");
            if (!extension.empty()) peer.say("503 5.5.1 no sender\r\n");
            EXPECT_EQ(peer.line(), "RSET");
            peer.say("250 ok\r\n");
            take_message(peer);
        }});
        NextHop hop(at(scripted.port()));
        const Course course = deliver(hop, {"bob@dest.test", "eve@dest.test"}, "a\r\n");
        EXPECT_EQ(course.recipients, (Words{"550 5.1.8 not from you", "550 5.1.8 not from you"}));
        EXPECT_TRUE(course.replies.empty());
        if (extension.empty()) {
            EXPECT_EQ(deliver(hop, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
        }
    }
}

TEST(Connections, AreKeptWithinTheirLimits) {
    const Sink sink;
    HopSettings settings = at(sink.port());
    settings.max_messages = 2;
    NextHop two_each(settings);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(deliver(two_each, {"bob@dest.test"}, "a\r\n").replies, Words{"250 2.0.0 kept"});
    }
    EXPECT_EQ(two_each.counts().opened, 2U);

    settings = at(sink.port());
    settings.max_idle = 1;
    NextHop one_kept(settings);
    {
        const Delivery first = asked(one_kept);
        const Delivery second = asked(one_kept);
    }
    EXPECT_EQ(one_kept.counts().opened, 2U);
    EXPECT_EQ(one_kept.counts().idle, 1U);

    settings = at(sink.port());
    settings.idle_time = 0ms;
    NextHop never_idle(settings);
    { const Delivery first = asked(never_idle); }
    EXPECT_EQ(never_idle.counts().idle, 1U);
    never_idle.close_idle();
    EXPECT_EQ(never_idle.counts().idle, 0U);
    { const Delivery second = asked(never_idle); }
    EXPECT_EQ(never_idle.counts().opened, 2U);
}

TEST(Connections, UseTlsAsTheSettingsSay) {
    const Sink with({"--starttls"});
    const Sink broken({"--starttls", "--break-tls"});
    const Sink without;
    const struct {
        std::string title;
        const Sink& sink;
        TlsMode mode;
        bool verify, delivered, encrypted;
    } cases[] = {
        {"none though offered", with, TlsMode::None, false, true, false},
        {"opportunistic, offered", with, TlsMode::Opportunistic, false, true, true},
        {"opportunistic, not offered", without, TlsMode::Opportunistic, false, true, false},
        {"opportunistic, handshake fails", broken, TlsMode::Opportunistic, false, true, false},
        {"required, offered", with, TlsMode::Required, false, true, true},
        {"required, not offered", without, TlsMode::Required, false, false, false},
        {"required, handshake fails", broken, TlsMode::Required, false, false, false},
        {"required and verified, self-signed", with, TlsMode::Required, true, false, false},
        {"dane for an address", with, TlsMode::Dane, true, true, true},
        {"dane for an address, not offered", without, TlsMode::Dane, true, true, false},
        {"dane-only for an address", with, TlsMode::DaneOnly, true, false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        HopSettings settings = at(c.sink.port());
        settings.tls.mode = c.mode;
        settings.tls.verify = c.verify;
        NextHop hop(settings);
        const std::string large = std::string(std::size_t{3} << 20, 'x') + "\r\n.\r\n";
        for (int i = 0; i < 2; ++i) {
            const Course course = deliver(hop, {"bob@dest.test"}, large);
            EXPECT_EQ(course.replies, c.delivered ? Words{"250 2.0.0 kept"} : Words{});
            if (!c.delivered) {
                EXPECT_EQ(course.recipients, Words{kDown});
                continue;
            }
            EXPECT_EQ(hop.counts().opened, 1U);
            EXPECT_EQ(c.sink.messages().rbegin()->second, std::string(kPrefix) + large);
            EXPECT_EQ(c.sink.envelopes().rbegin()->second.starts_with("TLS\n"), c.encrypted);
        }
    }
}

TEST(Connections, AreClosedWithoutTheFinalDotWhenTheMessageShrinksMeanwhile) {
    const std::string message(1000, 'x');
    const UniqueFd file = testing_support::file_with(message + "\r\n");
    std::string last;
    {
        const ScriptedHop scripted({[&](Peer& peer) {
            peer.greet();
            for (const char* answer : {"250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
                peer.line();
                // Before 354, so after the first pass over the message and before the second.
                if (std::string_view(answer).starts_with("354")) {
                    EXPECT_EQ(::ftruncate(file.get(), 500), 0);
                }
                peer.say(answer);
            }
            for (std::string line = peer.line(); !peer.gone(); line = peer.line()) last = line;
        }});
        HopSettings settings = at(scripted.port());
        settings.final_timeout = std::chrono::seconds(5);  // nobody answers a dot
        NextHop hop(settings);
        Delivery delivery = begun(hop);
        EXPECT_TRUE(delivery.recipient({mailbox("bob@dest.test")}).positive());
        const Sent sent = delivery.send("A: b\r\n", file.get(), message.size() + 2);
        EXPECT_EQ(sent.certainty, Certainty::NotSent);
        ASSERT_EQ(sent.replies.size(), 1U);
        EXPECT_EQ(spoken(sent.replies[0]), "451 4.3.0 Message could not be read");
    }
    EXPECT_EQ(last, "A: b");
}

TEST(Connections, ServeManyThreadsAtOnce) {
    constexpr int kThreads = 8;
    constexpr int kEach = 25;
    const Sink sink({"--starttls"});
    HopSettings settings = at(sink.port());
    settings.tls.mode = TlsMode::Opportunistic;
    settings.max_messages = 10;
    NextHop hop(settings);
    std::atomic<int> delivered{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < kEach; ++n) {
                    const Course course = deliver(hop, {"bob@dest.test"}, "a\r\n");
                    delivered += course.replies == Words{"250 2.0.0 kept"} ? 1 : 0;
                }
            });
        }
    }
    EXPECT_EQ(delivered, kThreads * kEach);
    EXPECT_EQ(sink.messages().size(), std::size_t{kThreads * kEach});
    EXPECT_LT(hop.counts().opened, std::uint64_t{kThreads * kEach});
}

/// Postfix's own test server, where it is installed.
class SmtpSink : public ::testing::TestWithParam<smtp::ClientProtocol> {};

TEST_P(SmtpSink, TakesOurMail) {
    constexpr const char* kProgram = "/usr/sbin/smtp-sink";
    if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << kProgram << ": package postfix";
    const bool lmtp = GetParam() == smtp::ClientProtocol::Lmtp;
    const testing_support::TemporaryFolder folder;
    const std::string socket = folder.path() + "/socket";  // it cannot pick a free port
    std::vector<std::string> command{kProgram};
    if (lmtp) command.emplace_back("-L");
    if (::geteuid() == 0) command.insert(command.end(), {"-u", "nobody"});
    command.insert(command.end(), {"unix:" + socket, "16"});
    const Child child(command, -1);
    HopSettings settings = at(0);
    settings.host = socket;
    settings.protocol = GetParam();
    NextHop hop(settings);
    Course course;
    for (int i = 0; i < 500; ++i) {  // until it listens
        course = deliver(hop, {"bob@dest.test", "eve@dest.test"}, "a\r\n.\r\n");
        if (!course.replies.empty()) break;
        std::this_thread::sleep_for(10ms);
    }
    ASSERT_EQ(course.replies.size(), 2U);
    EXPECT_TRUE(course.replies[0].starts_with("250 2."));
    EXPECT_EQ(deliver(hop, {"bob@dest.test"}, std::string(1000000, 'x') + "\r\n").certainty,
              Certainty::Answered);
    EXPECT_EQ(hop.counts().opened, 1U);
}

INSTANTIATE_TEST_SUITE_P(Both, SmtpSink,
                         ::testing::Values(smtp::ClientProtocol::Smtp, smtp::ClientProtocol::Lmtp));

}  // namespace
}  // namespace postern::relay
