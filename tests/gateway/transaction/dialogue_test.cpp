#include "gateway/transaction/dialogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/transaction/gateway_in_memory.hpp"

namespace postern::transaction::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string text(const std::optional<smtp::Reply>& reply) {
    return reply ? std::to_string(reply->code) + " " + reply->enhanced : "nothing";
}

/// Up to MAIL, with a store that answers at once.
void begin(Client& client) {
    client.say(smtp::Connected{});
    client.reactor.ring();
    EXPECT_EQ(text(client.reply()).substr(0, 3), "220");
    EXPECT_EQ(text(client.say(smtp::Helo{true, "out.sender.example"})), "250 ");
    EXPECT_EQ(text(client.say(smtp::MailFrom{mail::Mailbox::parse("a@sender.example").value()})),
              "250 2.1.0");
}

TEST(MailDialogue, RefusalsOfTheEnvelopeNeedNoThreadWhereTheStoreDoesNotWait) {
    Gateway gateway({.threads = 0});
    Client client(gateway, Gateway::client());
    begin(client);
    EXPECT_EQ(text(client.rcpt("user@other.example")), "550 5.7.1");
    EXPECT_EQ(text(client.rcpt("nobody@dest.example")), "550 5.1.1");
    EXPECT_EQ(text(client.rcpt("user@dest.example")), "421 4.3.2") << "the next hop needs one";
    client.leave(net::Ending::Said);
    const auto line = gateway.lines("connection").at(0);
    EXPECT_EQ(line.at("reason"), "overload");
    EXPECT_EQ(line.at("stage"), "rcpt");
    EXPECT_EQ(line.at("refusals"), 3);
    std::vector<std::string> checks;
    for (const auto& each : gateway.lines("recipient_refused")) checks.push_back(each.at("check"));
    EXPECT_THAT(checks, ElementsAre("relay", "recipient_known"));
}

/// The order of the checks is the same on the reactor and on a decision thread: who has guessed too
/// often hears nothing more about who exists.
TEST(MailDialogue, TheHarvestGuardComesBeforeTheListOfRecipients) {
    for (const bool waits : {false, true}) {
        SCOPED_TRACE(waits ? "the store may wait" : "the store is memory");
        Gateway gateway({.toml = "[checks.harvest]\nlimit = 2\n[checks.pregreet]\nwait = \"0ms\"\n",
                         .store_waits = waits});
        Client client(gateway, Gateway::client());
        const auto finish = [&](const std::optional<smtp::Reply>& said) {
            if (!said) client.reactor.run_posted();
            return text(client.reply());
        };
        EXPECT_EQ(finish(client.say(smtp::Connected{})), "220 ");
        EXPECT_EQ(finish(client.say(smtp::Helo{true, "out.sender.example"})), "250 ");
        const auto sender = mail::Mailbox::parse("a@sender.example").value();
        EXPECT_EQ(finish(client.say(smtp::MailFrom{sender})), "250 2.1.0");
        EXPECT_EQ(finish(client.rcpt("one@dest.example")), "550 5.1.1");
        EXPECT_EQ(finish(client.rcpt("two@dest.example")), "550 5.1.1");
        EXPECT_EQ(finish(client.rcpt("user@dest.example")), "452 4.5.3");
        EXPECT_EQ(finish(client.rcpt("three@dest.example")), "452 4.5.3");
        EXPECT_EQ(finish(client.rcpt("user@other.example")), "550 5.7.1")
            << "relaying is refused before the store is asked";
        client.leave(net::Ending::Left);
        gateway.pool.stop();
    }
}

TEST(MailDialogue, TheLineOfAConnectionSaysHowItEnded) {
    struct {
        const char* title;
        net::Ending why;
        bool greeted;
        const char* reason;
    } const cases[] = {
        {"hung up", net::Ending::Left, true, "client left"},
        {"hung up early", net::Ending::Left, false, "left before the banner"},
        {"kept us waiting", net::Ending::Timeout, true, "timeout"},
        {"a byte a second", net::Ending::TooSlow, true, "too slow"},
        {"no TLS", net::Ending::Handshake, true, "TLS failed"},
        {"XCLIENT", net::Ending::Introduced, true, "XCLIENT"},
        {"the server stops", net::Ending::Stopping, true, "shutdown"},
        {"a bug", net::Ending::Bug, true, "internal error"},
        {"a limit of the session", net::Ending::Said, true, "session limit"},
    };
    Gateway gateway;
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        SCOPED_TRACE(cases[i].title);
        Client client(gateway, Gateway::client());
        client.say(smtp::Connected{});
        if (cases[i].greeted && !client.reply()) client.reactor.ring();
        client.leave(cases[i].why);
        const auto lines = gateway.lines("connection");
        ASSERT_EQ(lines.size(), i + 1);
        EXPECT_EQ(lines.back().at("reason"), cases[i].reason);
        EXPECT_EQ(lines.back().at("stage"), cases[i].greeted ? "greeted" : "connect");
        gateway.memory.clear();  // the next is a stranger again
    }
}

TEST(MailDialogue, QuitIsTheClientsOwnWish) {
    Gateway gateway;
    Client client(gateway, Gateway::client("127.0.0.1"));
    client.say(smtp::Connected{});
    EXPECT_EQ(text(client.say(smtp::Quit{})).substr(0, 3), "221");
    client.leave(net::Ending::Said);
    EXPECT_EQ(gateway.lines("connection").at(0).at("reason"), "quit");
}

/// Refusals of commands and recipients count; those of the connection and of a message do not.
TEST(MailDialogue, ErrorsOfASessionCountTowardsARateAndABan) {
    Gateway gateway({.toml = "[checks.error_rate]\naddress = 3\nwindow = \"1h\"\n"
                             "[checks.banned]\nthreshold = 5\n"});
    const auto come = [&](int errors, smtp::Stage stage) {
        Client client(gateway, Gateway::client());
        client.say(smtp::Connected{});
        client.reactor.ring();
        const int greeted = client.reply()->code;
        for (int i = 0; i < errors; ++i) client.refuse_by_itself(stage, 500);
        client.leave(net::Ending::Left);
        return greeted;
    };
    EXPECT_EQ(come(9, smtp::Stage::Connect), 220);
    EXPECT_EQ(come(9, smtp::Stage::Message), 220);
    EXPECT_EQ(come(3, smtp::Stage::Rcpt), 220);
    EXPECT_EQ(come(0, smtp::Stage::Rcpt), 220) << "3 of 3";
    EXPECT_EQ(gateway.memory.list("ban:", 10)->size(), 0U);
    EXPECT_EQ(come(1, smtp::Stage::Rcpt), 220);
    EXPECT_EQ(gateway.memory.list("ban:", 10)->size(), 1U) << "error_rate is worth 5 points";
    EXPECT_EQ(come(0, smtp::Stage::Rcpt), 421);
}

TEST(MailDialogue, WhatAProxySaysOfItsClientIsTakenAsSaid) {
    using State = smtp::IntroducedText::State;
    struct {
        const char* title;
        smtp::IntroducedText name;
        std::vector<std::string> findings;  ///< of the checks of names, which ask nobody then
    } const cases[] = {
        {"a name", {State::Said, "out.sender.example"}, {}},
        {"a name like those of lines",
         {State::Said, "dyn-198-51-100-7.pool.example"},
         {"CLIENT_GENERIC_NAME"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        Gateway gateway;
        net::ClientFacts facts = Gateway::client();
        smtp::Introduction said;
        said.name = c.name;
        said.helo = {State::Said, "out.sender.example"};
        said.extended = true;
        facts.introduced = said;
        Visit visit(gateway.services, facts);
        EXPECT_EQ(visit.facts.connection.iprev.result, auth::IprevResult::Pass);
        EXPECT_EQ(visit.facts.helo->argument, "out.sender.example");
        EXPECT_TRUE(visit.facts.helo->extended);
        checks::Heard heard;
        for (const char* check : {"no_ptr", "fcrdns", "generic_name"}) {
            examine_one(gateway.services, check, visit.facts, visit.inquiry, heard);
        }
        std::vector<std::string> codes;
        for (const auto& each : heard.findings) codes.push_back(each.finding.code);
        EXPECT_EQ(codes, c.findings);
        EXPECT_THAT(gateway.dns.asked(), IsEmpty()) << "the proxy has looked";
    }
}

TEST(MailDialogue, TheNameTheClientSaidToTheProxyIsItsHelo) {
    Gateway gateway({.toml = "[checks.pregreet]\nwait = \"0ms\"\n"});
    net::ClientFacts facts = Gateway::client();
    smtp::Introduction said;
    said.helo = {smtp::IntroducedText::State::Said, "mx.dest.example"};
    facts.introduced = said;
    Client client(gateway, facts);
    client.say(smtp::Connected{});
    const auto reply = client.say(smtp::Helo{true, "proxy.example"});
    client.leave(net::Ending::Left);
    EXPECT_EQ(text(reply).substr(0, 1), "5") << "our own name, by helo_self";
    EXPECT_EQ(gateway.lines("connection").at(0).at("refused_by"), "helo_self");
}

}  // namespace
}  // namespace postern::transaction::tests
