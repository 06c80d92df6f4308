#include "gateway/relay/outbox_runner.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>
#include <map>

#include "gateway/observe/log.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::relay {
namespace {

using quarantine::DeliveryState;
using quarantine::QuarantineId;
using quarantine::Record;
using testing_support::Peer;
using testing_support::ScriptedHop;
using testing_support::Sink;
using namespace std::chrono_literals;

constexpr const char* kMessage = "Subject: Invoice\r\n\r\n.held\r\n";

std::string content(int file) {
    std::string text(4096, '\0');
    const ssize_t got = ::pread(file, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

class Outbox : public quarantine::StoreFixture {
protected:
    QuarantineId hold(std::vector<std::string> recipients) {
        Record record = quarantine::sample();
        record.summary.recipients.clear();
        for (auto& path : recipients) record.summary.recipients.push_back({std::move(path)});
        record.summary.size = 0;
        record.summary.eight_bit = true;
        auto id = store->put(record, kMessage);
        if (!id) std::abort();
        return std::move(id).value();
    }
    void release(const QuarantineId& id, bool confirm = false) {
        ASSERT_TRUE(store->request_release(id, {}, {.name = "anna"}, confirm));
    }
    /// Recipient and state of everything that was ever owed.
    std::map<std::string, DeliveryState> states() {
        std::map<std::string, DeliveryState> found;
        const std::vector<quarantine::Delivery> items = store->outbox().list(100, true).value();
        for (const auto& item : items) {
            found[item.forward_path] = item.state;
        }
        return found;
    }
    std::string detail() { return store->outbox().list(1, true).value().front().detail; }

    Decision decide(const Record& /*record*/, int message) {
        ++looks;
        EXPECT_EQ(content(message), kMessage);
        return decision;
    }
    OutboxRunner runner(NextHop& hop) {
        return OutboxRunner(
            *store, hop, [this](const Record& r, int m) { return decide(r, m); }, log);
    }

    observe::Log log{UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    Decision decision = DeliverNow{.prefix = "X-Postern-Released: yes\r\n"};
    int looks = 0;
};

using States = std::map<std::string, DeliveryState>;

TEST_F(Outbox, DeliversToAllRecipientsInOneTransactionAfterOneLook) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    OutboxRunner outbox = runner(hop);
    EXPECT_EQ(outbox.run_once(), 0U);
    release(hold({"anna@example.org", "ben@example.org"}));
    EXPECT_EQ(outbox.run_once(), 2U);
    EXPECT_EQ(states(), (States{{"anna@example.org", DeliveryState::Delivered},
                                {"ben@example.org", DeliveryState::Delivered}}));
    EXPECT_EQ(looks, 1);
    ASSERT_EQ(sink.messages().size(), 1U);
    EXPECT_EQ(sink.messages()[1], std::string("X-Postern-Released: yes\r\n") + kMessage);
    const std::string envelope = sink.envelopes()[1];
    EXPECT_TRUE(envelope.starts_with("MAIL FROM:<sender@client.example>")) << envelope;
    EXPECT_NE(envelope.find("BODY=8BITMIME"), std::string::npos);
    EXPECT_NE(envelope.find("RCPT TO:<anna@example.org>"), std::string::npos);
    EXPECT_NE(envelope.find("RCPT TO:<ben@example.org>"), std::string::npos);
    EXPECT_EQ(outbox.run_once(), 0U);
}

TEST_F(Outbox, WritesDownWhatEachRecipientCameTo) {
    const Sink sink({"--refuse", "gone@example.org", "--defer", "busy@example.org"});
    NextHop hop(at(sink.port()));
    OutboxRunner outbox = runner(hop);
    release(hold({"gone@example.org", "busy@example.org", "ben@example.org"}));
    EXPECT_EQ(outbox.run_once(), 3U);
    EXPECT_EQ(states(), (States{{"gone@example.org", DeliveryState::Failed},
                                {"busy@example.org", DeliveryState::Due},
                                {"ben@example.org", DeliveryState::Delivered}}));
    EXPECT_EQ(outbox.run_once(), 0U);  // the busy one waits for its time
    now += std::chrono::milliseconds(2min).count();
    EXPECT_EQ(outbox.run_once(), 1U);
    EXPECT_EQ(sink.messages().size(), 1U);
}

TEST_F(Outbox, TriesAgainWhenTheNextHopWasDown) {
    std::uint16_t port = 0;
    testing_support::listen_on_loopback(port).reset();
    NextHop down(at(port));
    release(hold({"anna@example.org"}));
    EXPECT_EQ(runner(down).run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Due);
    EXPECT_TRUE(detail().starts_with("451 4.4.1")) << detail();
    now += std::chrono::milliseconds(2min).count();
    const Sink sink;
    NextHop up(at(sink.port()));
    EXPECT_EQ(runner(up).run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Delivered);
}

TEST_F(Outbox, TriesAgainWhenNobodyKnowsWhetherTheMessageArrived) {
    const Sink cut({"--drop", "dot"});
    NextHop hop(at(cut.port()));
    release(hold({"anna@example.org"}));
    EXPECT_EQ(runner(hop).run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Due);
    EXPECT_NE(detail().find("after the final dot"), std::string::npos) << detail();
}

TEST_F(Outbox, TriesAgainWhenNobodyCouldLook) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    decision = RetryLater{"no analyzer"};
    release(hold({"anna@example.org"}));
    EXPECT_EQ(runner(hop).run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Due);
    EXPECT_EQ(detail(), "no analyzer");
    EXPECT_TRUE(sink.messages().empty());
}

TEST_F(Outbox, DeliversWhatWasFoundOnlyWhenExactlyThatIsConfirmed) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    OutboxRunner outbox = runner(hop);
    const QuarantineId id = hold({"anna@example.org"});
    decision = NeedsConfirmation{.detail = "AV_MATCH"};
    release(id);
    EXPECT_EQ(outbox.run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::NeedsConfirmation);
    decision = NeedsConfirmation{.detail = "AV_MATCH, URL_LISTED"};
    release(id, true);
    EXPECT_EQ(outbox.run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::NeedsConfirmation);
    EXPECT_TRUE(sink.messages().empty());
    release(id, true);
    EXPECT_EQ(outbox.run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Delivered);
    EXPECT_EQ(sink.messages().size(), 1U);
}

TEST_F(Outbox, KeepsOwingAMessageThatItCannotRead) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    release(hold({"anna@example.org"}));
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder.path() + "/q/blobs")) {
        if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 10);
    }
    EXPECT_EQ(runner(hop).run_once(), 1U);
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Due);
    EXPECT_TRUE(detail().starts_with("stored message: ")) << detail();
    EXPECT_EQ(looks, 0);
    EXPECT_TRUE(sink.messages().empty());
}

TEST_F(Outbox, ItsThreadWakesWhenToldSo) {
    const Sink sink;
    NextHop hop(at(sink.port()));
    std::promise<void> looked;
    OutboxRunner outbox(*store, hop,
                        [&](const Record&, int) -> Decision {
                            looked.set_value();
                            return DeliverNow{};
                        },
                        log, {.poll = 1h});
    outbox.start();
    release(hold({"anna@example.org"}));
    outbox.notify();
    EXPECT_EQ(looked.get_future().wait_for(30s), std::future_status::ready);
    outbox.stop();
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Delivered);
}

TEST_F(Outbox, StopsWhileTheNextHopHangs) {
    std::promise<void> waiting;
    const ScriptedHop hangs({[&](Peer& peer) {
        peer.greet();
        peer.line();
        waiting.set_value();
        peer.wait_for_end();
    }});
    NextHop hop(at(hangs.port()));
    OutboxRunner outbox = runner(hop);
    release(hold({"anna@example.org"}));
    outbox.start();
    waiting.get_future().wait();
    hop.shut_down();
    const auto start = std::chrono::steady_clock::now();
    outbox.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);  // the hop would have had 2 minutes
    EXPECT_EQ(states().at("anna@example.org"), DeliveryState::Due);
}

}  // namespace
}  // namespace postern::relay
