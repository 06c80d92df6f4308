#pragma once

/// @file Everything a transaction shares, with a DNS, a jail and a next hop that do what the test
/// says; store, spool, checks, authentication and log are the real ones.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gateway/checks/plan.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/state/memory_store.hpp"
#include "gateway/transaction/mail.hpp"
#include "gateway/transaction/services.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"
#include "tests/gateway/transaction/fake_analyzer.hpp"
#include "tests/quarantine/store_fixture.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::transaction {

inline constexpr const char* kClient = "198.51.100.7";

/// What an ordinary stranger sends.
inline std::string ordinary_message(const std::string& more_fields = "") {
    return "From: Alice <alice@sender.example>\r\nTo: bob@dest.example\r\n" + more_fields +
           "Subject: Hello\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n"
           "Message-ID: <1@sender.example>\r\n\r\nHello.\r\n";
}

inline settings::Settings bench_settings() {
    settings::Settings made;
    made.smtp.hostname = "gw.dest.example";
    made.accept_domains = {"dest.example"};
    made.analysis.deadline = std::chrono::seconds(20);
    return made;
}

/// Parts in the order of their dependence.
class ServicesBench {
public:
    ServicesBench(quarantine::Store& store, settings::Settings with,
                  const std::vector<std::string>& sink_options = {}, bool has_analyzer = true)
        : settings(std::move(with)),
          sink(sink_options),
          log(UniqueFd(::open((folder.path() + "/log").c_str(),
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))),
          plan(checks::configure(settings)),
          authenticator(authenticator_settings()),
          next_hop(relay::at(sink.port())),
          spool(spool_settings()),
          signer(make_signer()),
          services{settings, door,  pool, next_hop,      spool,   store,   log, metrics,
                   dns,      state, plan, authenticator, nullptr, nullptr, {},  &signer} {
        if (has_analyzer) analyzer.emplace(door);
        dns.ptr("7.100.51.198.in-addr.arpa", {"out.sender.example"});
        dns.a("out.sender.example", {kClient}).a("sender.example", {kClient});
    }

    /// A message that has come whole, for recipients the next hop took.
    std::unique_ptr<Mail> mail(const std::string& text,
                               const std::vector<std::string>& to = {"bob@dest.example"}) {
        const auto address = mail::IpAddress::parse(kClient).value();
        const net::ClientFacts client{.address = address, .local_address = address};
        visit = std::make_shared<Visit>(services, client);
        visit->facts.helo = checks::HeloFacts{"out.sender.example", true, ""};
        auto made = std::make_unique<Mail>(visit, relay::from("alice@sender.example"));
        auto begun = next_hop.begin(made->envelope);
        if (!begun) std::abort();
        made->delivery.emplace(std::move(begun).value());
        for (const std::string& each : to) {
            relay::Recipient recipient{relay::mailbox(each)};
            const auto said = made->delivery->recipient(recipient);
            EXPECT_TRUE(said.positive()) << said.words();
            made->recipients.push_back(std::move(recipient));
        }
        made->receive();
        (void)made->incoming->append(text);
        return made;
    }
    /// What the next hop got, in order.
    std::vector<std::string> delivered() const {
        std::vector<std::string> texts;
        for (const auto& [number, text] : sink.messages()) texts.push_back(text);
        return texts;
    }
    std::string logged() {
        log.flush();
        std::ifstream file(folder.path() + "/log");
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    testing_support::TemporaryFolder folder;
    settings::Settings settings;
    postern::tests::FakeResolver dns;
    testing_support::Sink sink;
    observe::Log log;
    observe::Registry registry;
    observe::GatewayMetrics metrics{registry};
    state::MemoryStore state{1U << 20U, state::system_clock_ms, {}};
    checks::Plan plan;
    auth::Authenticator authenticator;
    host::Door door;
    std::optional<postern::tests::FakeAnalyzer> analyzer;
    relay::NextHop next_hop;
    spool::Spool spool;
    net::Pool pool{2, 100};
    auth::OutgoingSigner signer;
    Services services;
    std::shared_ptr<Visit> visit;

private:
    auth::AuthenticatorSettings authenticator_settings() const {
        auto made = auth::authenticator_settings(settings.auth, settings.smtp.hostname);
        made.intake.more = auth::outgoing_hashes(settings.dkim, settings.arc);
        return made;
    }
    spool::SpoolSettings spool_settings() const {
        spool::SpoolSettings made;
        made.folder = folder.path();
        return made;
    }
    auth::OutgoingSigner make_signer() const {
        const auto keys = auth::signing_keys(settings.dkim, settings.arc);
        if (!keys) throw std::runtime_error(keys.error());
        auto made = auth::OutgoingSigner::make(settings.dkim, settings.arc, *keys);
        if (!made) throw std::runtime_error(made.error());
        return std::move(made).value();
    }
};

}  // namespace postern::transaction
