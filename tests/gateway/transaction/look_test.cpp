#include "gateway/transaction/look.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/transaction/rescan_runner.hpp"
#include "tests/gateway/transaction/services_bench.hpp"

namespace postern::transaction {
namespace {

using nlohmann::json;
using postern::tests::clean_report;
using postern::tests::report_with;
using quarantine::QuarantineId;
using quarantine::VerdictClass;

class LookTest : public quarantine::StoreFixture {
protected:
    void SetUp() override {
        StoreFixture::SetUp();
        bench.emplace(*store, bench_settings());
    }
    quarantine::Record record(const std::string& client = kClient) {
        quarantine::Record made = quarantine::sample();
        made.summary.client_ip = client;
        made.summary.helo = "out.sender.example";
        made.summary.reverse_path = "alice@sender.example";
        made.summary.size = 0;
        made.report_json = R"({"envelope":{"tls":"TLSv1.3 X"},"findings":[]})";
        return made;
    }
    Outcome<Look, host::DoorFailure> look(const quarantine::Record& of, bool outside = true,
                                          const std::string& message = ordinary_message()) {
        const Outsiders outsiders{bench->authenticator, bench->plan, bench->dns};
        const UniqueFd file = testing_support::file_with(message);
        return look_at(
            bench->settings,
            [&](int descriptor, std::uint64_t size) {
                return bench->door.analyze(descriptor, size, host::MessageKind::Message, {},
                                           std::chrono::steady_clock::now() + deadline);
            },
            outside ? &outsiders : nullptr, known_envelope(of), file.get(), message.size());
    }
    std::vector<std::string> codes(const Look& of) {
        std::vector<std::string> found;
        for (const auto& each : of.verdict.findings) found.push_back(each.finding.code);
        return found;
    }

    std::chrono::milliseconds deadline = std::chrono::seconds(20);
    std::optional<ServicesBench> bench;
};

TEST_F(LookTest, TheEnvelopeOfAHeldMessageIsThatOfItsTransaction) {
    quarantine::Record held = record();
    held.summary.client_name = "out.sender.example";
    const KnownEnvelope envelope = known_envelope(held);
    EXPECT_EQ(envelope.client->text(), kClient);
    EXPECT_EQ(envelope.client_name, "out.sender.example");
    EXPECT_EQ(envelope.helo, "out.sender.example");
    EXPECT_EQ(envelope.reverse_path, "alice@sender.example");
    EXPECT_EQ(envelope.forward_paths,
              (std::vector<std::string>{"anna@example.org", "ben@example.org"}));
    EXPECT_EQ(envelope.tls, "TLSv1.3 X");
    EXPECT_EQ(envelope.time, held.summary.received / 1000);
    for (const char* report : {"", "[]", "{\"envelope\":7}", "{\"envelope\":{\"tls\":null}}"}) {
        held.report_json = report;
        EXPECT_EQ(known_envelope(held).tls, "") << report;
    }
    held.summary.client_ip = "";
    EXPECT_FALSE(known_envelope(held).client);
}

TEST_F(LookTest, AsksTheJailTheSenderAndTheChecks) {
    bench->dns.txt("_dmarc.sender.example", {"v=DMARC1; p=quarantine"});
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    const auto found = look(record());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->verdict.worst.mail_class, verdict::MailClass::Malware);
    ASSERT_TRUE(found->auth && found->auth->dmarc);
    EXPECT_EQ(found->auth->dmarc->result, auth::DmarcResult::Fail);
    const auto named = codes(*found);
    EXPECT_NE(std::find(named.begin(), named.end(), "DMARC_QUARANTINE"), named.end());
    const json scan = json::parse(look_json(*found, known_envelope(record()), "ID", ""));
    EXPECT_EQ(scan.at("schema"), "postern.scan/1");
    EXPECT_EQ(scan.at("id"), "ID");
    EXPECT_EQ(scan.at("envelope").at("client_ip"), kClient);
    EXPECT_EQ(scan.at("verdict").at("class"), "malware");
}

TEST_F(LookTest, OfflineTheJailAloneIsAsked) {
    const auto found = look(record(), false);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->auth);
    EXPECT_TRUE(bench->dns.asked().empty());
    EXPECT_EQ(found->verdict.worst.action, verdict::Action::Deliver);
}

TEST_F(LookTest, AHeaderTooBigToAuthenticateIsSaid) {
    const std::size_t limit = auth::arc::IntakeLimits().max_header;
    const auto found = look(record(), true, "X: " + std::string(limit, 'x') + "\r\n\r\n");
    ASSERT_TRUE(found && found->auth && found->auth->dmarc);
    EXPECT_EQ(found->auth->dmarc->result, auth::DmarcResult::PermError);
    EXPECT_NE(found->auth->dmarc->detail.find("header is too big"), std::string::npos);
    EXPECT_TRUE(found->auth->spf);
}

TEST_F(LookTest, ARefusalOfACheckIsTheAction) {
    bench->dns.txt("_dmarc.sender.example", {"v=DMARC1; p=reject"});
    const auto found = look(record());
    ASSERT_TRUE(found);
    ASSERT_TRUE(found->refusal);
    EXPECT_EQ(found->refusal->enhanced, "5.7.26");
    EXPECT_EQ(found->verdict.worst.action, verdict::Action::Reject);
    const json scan = json::parse(look_json(*found, known_envelope(record()), "ID", ""));
    EXPECT_TRUE(scan.at("verdict").at("reply").get<std::string>().starts_with("550 5.7.26 "));
}

TEST_F(LookTest, ChangesNothingThatGatewaysShare) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(look(record()));
    EXPECT_EQ(bench->state.figures().entries, 0U);
}

class RescanRunnerTest : public LookTest {
protected:
    QuarantineId hold(const std::string& client = kClient) {
        return put(record(client), ordinary_message());
    }
};

TEST_F(RescanRunnerTest, FulfilsAWishAndReleasesNothing) {
    RescanRunner runner(bench->services);
    EXPECT_FALSE(runner.run_once());
    const QuarantineId id = hold();
    ASSERT_TRUE(store->rescans().ask(id, reviewer).value_or(false));
    bench->analyzer->answer(report_with("AV_MATCH", "Eicar-Signature"));
    EXPECT_TRUE(runner.run_once());
    const auto after = store->show(id);
    ASSERT_TRUE(after && after->rescan);
    EXPECT_EQ(after->rescan->verdict, VerdictClass::Malware);
    EXPECT_EQ(after->rescan->who, "rita");
    EXPECT_NE(after->rescan->report_json.find("Eicar-Signature"), std::string::npos);
    EXPECT_EQ(after->summary.status, quarantine::Status::Held);
    EXPECT_EQ(store->outbox().pending().value_or(9), 0U);
    EXPECT_TRUE(bench->delivered().empty());
    EXPECT_FALSE(store->rescans().asked(id).value_or(true));
    EXPECT_FALSE(runner.run_once());
}

TEST_F(RescanRunnerTest, AMessageOfOurOwnHasNoSenderToAsk) {
    const QuarantineId id = hold("");
    ASSERT_TRUE(store->rescans().ask(id, reviewer));
    RescanRunner runner(bench->services);
    EXPECT_TRUE(runner.run_once());
    EXPECT_TRUE(bench->dns.asked().empty());
    EXPECT_EQ(store->show(id)->rescan->verdict, VerdictClass::Clean);
}

TEST_F(RescanRunnerTest, WithoutAnAnalyzerTheWishWaits) {
    settings::Settings settings = bench_settings();
    settings.analysis.deadline = std::chrono::milliseconds(50);
    bench.emplace(*store, std::move(settings), std::vector<std::string>{}, false);
    const QuarantineId id = hold();
    ASSERT_TRUE(store->rescans().ask(id, reviewer));
    RescanRunner runner(bench->services, {.lease = std::chrono::seconds(60)});
    EXPECT_TRUE(runner.run_once());
    EXPECT_FALSE(store->show(id)->rescan);
    EXPECT_TRUE(store->rescans().asked(id).value_or(false));
    EXPECT_FALSE(runner.run_once()) << "not again before its time";
    bench->analyzer.emplace(bench->door);
    now += 60'000;
    EXPECT_TRUE(runner.run_once());
}

TEST_F(RescanRunnerTest, BytesThatAreGoneEndTheWishWithALine) {
    const QuarantineId id = hold();
    ASSERT_TRUE(store->rescans().ask(id, reviewer));
    std::filesystem::remove_all(quarantine::location_in(folder).blobs + "/" +
                                summary_of(id).sha256.substr(0, 2));
    RescanRunner runner(bench->services);
    EXPECT_TRUE(runner.run_once());
    EXPECT_FALSE(store->rescans().asked(id).value_or(true));
    EXPECT_NE(bench->logged().find("\"result\":\"dropped\""), std::string::npos) << bench->logged();
}

TEST_F(RescanRunnerTest, ItsThreadFindsWhatIsAskedWhileItRuns) {
    const QuarantineId id = hold();
    RescanRunner runner(bench->services, {.poll = std::chrono::milliseconds(5)});
    runner.start();
    ASSERT_TRUE(store->rescans().ask(id, reviewer));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (store->rescans().asked(id).value_or(false) && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    runner.stop();
    EXPECT_TRUE(store->show(id)->rescan);
}

}  // namespace
}  // namespace postern::transaction
