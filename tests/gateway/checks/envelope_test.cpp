#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "gateway/checks/recipient/memory.hpp"
#include "gateway/checks/recipient/recipient_list.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

TEST(Sender, NamesNobodyCanAnswer) {
    Bench bench;
    Facts facts = ordinary();
    EXPECT_THAT(bench.say(check("sender_syntax"), facts), IsEmpty());
    facts.sender->reverse_path = mailbox("a@localhost");
    EXPECT_THAT(words(bench.say(check("sender_syntax"), facts)),
                ElementsAre("SENDER_SYNTAX 553 5.1.7"));
    facts.sender->reverse_path = mailbox("a@[192.0.2.1]");
    EXPECT_THAT(words(bench.say(check("sender_syntax"), facts)),
                ElementsAre("SENDER_SYNTAX 553 5.1.7"));
    facts.sender->reverse_path.reset();
    EXPECT_THAT(bench.say(check("sender_syntax"), facts), IsEmpty());
}

TEST(Sender, Domains) {
    using dns::RecordType;
    using postern::tests::FakeResolver;
    struct {
        const char* title;
        void (*zone)(FakeResolver& dns);
        Words said;
    } const cases[] = {
        {"an MX that leads somewhere",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "mx.sender.example"}})
                 .a("mx.sender.example", {"8.8.4.4"});
         },
         {}},
        {"an address alone", [](FakeResolver& dns) { dns.a("sender.example", {"8.8.4.4"}); }, {}},
        {"an IPv6 address alone",
         [](FakeResolver& dns) { dns.a("sender.example", {"2a00:1450::1"}); },
         {}},
        {"no such domain", [](FakeResolver&) {}, {"SENDER_DOMAIN_UNKNOWN 550 5.1.8"}},
        {"text only",
         [](FakeResolver& dns) { dns.txt("sender.example", {"x"}); },
         {"SENDER_DOMAIN_UNKNOWN 550 5.1.8"}},
        {"null MX",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{0, ""}}).a("sender.example", {"8.8.4.4"});
         },
         {"SENDER_NULL_MX 550 5.7.27"}},
        {"null MX beside another",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{0, ""}, {10, "mx.sender.example"}})
                 .a("mx.sender.example", {"8.8.4.4"});
         },
         {}},
        {"MX at loopback",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "mx.sender.example"}})
                 .a("mx.sender.example", {"127.0.0.1"});
         },
         {"SENDER_BOGUS_MX 550 5.1.8"}},
        {"MX at a private address",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "mx.sender.example"}})
                 .a("mx.sender.example", {"10.1.2.3"});
         },
         {"SENDER_BOGUS_MX 550 5.1.8"}},
        {"one of two MX leads somewhere",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "a.sender.example"}, {20, "b.sender.example"}})
                 .a("a.sender.example", {"10.1.2.3"})
                 .a("b.sender.example", {"8.8.4.4"});
         },
         {}},
        {"MX without an address",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "gone.sender.example"}});
         },
         {"SENDER_BOGUS_MX 550 5.1.8"}},
        {"MX that is an address",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "8.8.4.4"}});
         },
         {"SENDER_BOGUS_MX 550 5.1.8"}},
        {"the domain is at a private address",
         [](FakeResolver& dns) { dns.a("sender.example", {"192.168.0.1"}); },
         {"SENDER_BOGUS_MX 550 5.1.8"}},
        {"MX cannot be told",
         [](FakeResolver& dns) {
             dns.a("sender.example", {"8.8.4.4"}).fails("sender.example", RecordType::Mx);
         },
         {"CHECK_UNDECIDED"}},
        {"the MX host cannot be told",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "mx.sender.example"}})
                 .fails("mx.sender.example", RecordType::A, dns::Status::Late);
         },
         {"CHECK_UNDECIDED"}},
        {"one MX host is bogus, the other cannot be told",
         [](FakeResolver& dns) {
             dns.mx("sender.example", {{10, "a.sender.example"}, {20, "b.sender.example"}})
                 .a("a.sender.example", {"10.1.2.3"})
                 .fails("b.sender.example", RecordType::A);
         },
         {"CHECK_UNDECIDED"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        Bench bench;
        c.zone(bench.dns);
        EXPECT_EQ(words(bench.say(check("sender_domain"), ordinary())), c.said);
    }
}

TEST(Sender, ADomainThatCannotBeToldDefersOnlyWhereTheOperatorSaysSo) {
    Bench bench;
    bench.dns.fails("sender.example", dns::RecordType::Mx);
    EXPECT_THAT(words(bench.say(check("sender_domain"), ordinary(), {{"defer", true}})),
                ElementsAre("CHECK_UNDECIDED 450 4.1.8"));
    EXPECT_THAT(words(bench.say(check("sender_domain"), ordinary(), {{"permanent", false}})),
                ElementsAre("CHECK_UNDECIDED"));
    Bench gone;
    EXPECT_THAT(words(gone.say(check("sender_domain"), ordinary(), {{"permanent", false}})),
                ElementsAre("SENDER_DOMAIN_UNKNOWN 450 4.1.8"));
}

TEST(Tls, PartnersHaveToUseIt) {
    Bench bench;
    const Options options = {{"domains", std::vector<std::string>{"sender.example", ".b.example"}}};
    struct {
        const char* sender;
        const char* tls;
        bool refused;
    } const cases[] = {{"a@sender.example", "", true},
                       {"a@sender.example", "TLSv1.3 X", false},
                       {"a@sub.b.example", "", true},
                       {"a@b.example", "", false},
                       {"a@other.example", "", false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.sender);
        Facts facts = ordinary();
        facts.sender->reverse_path = mailbox(c.sender);
        facts.helo->tls = c.tls;
        const Words expected = c.refused ? Words{"TLS_MISSING 530 5.7.0"} : Words{};
        EXPECT_EQ(words(bench.say(check("sender_tls"), facts, options)), expected);
        facts.recipient->forward_path = mailbox(c.sender);
        EXPECT_EQ(words(bench.say(check("recipient_tls"), facts, options)), expected);
    }
}

TEST(Recipient, OnlyOurDomainsAreTaken) {
    Bench bench;
    Facts facts = ordinary();
    EXPECT_THAT(bench.say(check("relay"), facts), IsEmpty());
    for (const char* other : {"b@other.example", "b@sub.dest.example", "b@[192.0.2.1]"}) {
        facts.recipient->forward_path = mailbox(other);
        EXPECT_THAT(words(bench.say(check("relay"), facts)), ElementsAre("RELAY_DENIED 550 5.7.1"));
    }
}

TEST(Recipient, ABounceHasOne) {
    Bench bench;
    Facts facts = ordinary();
    facts.sender->reverse_path.reset();
    EXPECT_THAT(bench.say(check("null_sender_recipients"), facts), IsEmpty());
    facts.recipient->accepted = 1;
    EXPECT_THAT(words(bench.say(check("null_sender_recipients"), facts)),
                ElementsAre("BOUNCE_MANY_RECIPIENTS 550 5.5.3"));
    facts.sender->reverse_path = mailbox("a@sender.example");
    EXPECT_THAT(bench.say(check("null_sender_recipients"), facts), IsEmpty());
}

TEST(RecipientFile, SaysWhoHasAMailbox) {
    const auto set = parse_recipients("# people\nBob@Dest.example\n\n@all.example # everybody\r\n");
    ASSERT_TRUE(set) << set.error();
    struct {
        const char* recipient;
        bool known;
    } const cases[] = {{"bob@dest.example", true},      {"BOB@dest.example", true},
                       {"bob+list@dest.example", true}, {"carol@dest.example", false},
                       {"+x@dest.example", false},      {"anybody@all.example", true},
                       {"bob@sub.all.example", false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.recipient);
        EXPECT_EQ(holds(*set, mailbox(c.recipient), "+"), c.known);
    }
    EXPECT_FALSE(holds(*set, mailbox("bob+list@dest.example"), ""));
    const auto bad = parse_recipients("a@b.example\nno address\n");
    ASSERT_FALSE(bad);
    EXPECT_TRUE(bad.error().starts_with("2:")) << bad.error();
}

/// A file that goes with the test.
struct TemporaryFile {
    std::string path = testing::TempDir() + "recipients-" + std::to_string(::getpid());
    void write(const std::string& text) const { std::ofstream(path) << text; }
    ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST(RecipientFile, AFileThatCannotBeReadTellsNothing) {
    Bench bench;
    RecipientList list("/nonexistent/recipients");
    bench.recipients = &list;
    EXPECT_THAT(words(bench.say(check("recipient_known"), ordinary())),
                ElementsAre("CHECK_UNDECIDED 450 4.1.1"));
    EXPECT_THAT(words(bench.say(check("recipient_known"), ordinary(), {{"defer", false}})),
                ElementsAre("CHECK_UNDECIDED"));
}

TEST(RecipientFile, UnknownRecipientsAreRefusedAndPostmasterNever) {
    const TemporaryFile file;
    file.write("bob@dest.example\n");
    Bench bench;
    RecipientList list(file.path);
    bench.recipients = &list;
    Facts facts = ordinary();
    EXPECT_THAT(words(bench.say(check("recipient_known"), facts)),
                ElementsAre("RECIPIENT_UNKNOWN 550 5.1.1"));
    for (const char* known : {"bob@dest.example", "Postmaster@dest.example"}) {
        facts.recipient->forward_path = mailbox(known);
        EXPECT_THAT(bench.say(check("recipient_known"), facts), IsEmpty());
    }
    bench.recipients = nullptr;
    EXPECT_THAT(bench.say(check("recipient_known"), ordinary()), IsEmpty());
}

TEST(RecipientFile, IsReadAgainWhenItChangesAndTheLastGoodOneStaysInForce) {
    const TemporaryFile file;
    RecipientList list(file.path);
    EXPECT_EQ(list.current(), nullptr);
    struct {
        const char* text;
        bool bob;
        bool carol;
        bool problem;
    } const cases[] = {{"bob@dest.example\n", true, false, false},
                       {"bob@dest.example\ncarol@dest.example\n", true, true, false},
                       {"no address\n", true, true, true},
                       {"carol@dest.example\n# of late\n", false, true, false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        file.write(c.text);
        list.look();
        ASSERT_NE(list.current(), nullptr);
        EXPECT_EQ(holds(*list.current(), mailbox("bob@dest.example"), "+"), c.bob);
        EXPECT_EQ(holds(*list.current(), mailbox("carol@dest.example"), "+"), c.carol);
        EXPECT_EQ(!list.problem().empty(), c.problem);
    }
}

TEST(RecipientFile, AThreadLooksForChanges) {
    const TemporaryFile file;
    RecipientList list(file.path);
    list.watch(std::chrono::milliseconds(1));
    file.write("bob@dest.example\n");
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!list.current() && std::chrono::steady_clock::now() < patience) {
        std::this_thread::yield();
    }
    EXPECT_NE(list.current(), nullptr);
}

TEST(RecipientProbe, AsksOnceAndRemembers) {
    Bench bench;
    int asked = 0;
    smtp::Reply answer{250, "2.1.5", "ok"};
    bench.has_probe = true;
    bench.probe = [&](const mail::ReversePath&, const mail::Mailbox&) {
        ++asked;
        return answer;
    };
    const Check& probe = check("recipient_probe");
    EXPECT_THAT(bench.say(probe, ordinary()), IsEmpty());
    EXPECT_THAT(bench.say(probe, ordinary()), IsEmpty());
    EXPECT_EQ(asked, 1);

    Facts other = ordinary();
    other.recipient->forward_path = mailbox("x@dest.example");
    answer = {451, "4.4.1", "not now"};
    EXPECT_THAT(words(bench.say(probe, other)), ElementsAre("CHECK_UNDECIDED 450 4.1.1"));
    answer = {550, "5.1.1", "no"};
    EXPECT_THAT(words(bench.say(probe, other)), ElementsAre("RECIPIENT_UNKNOWN 550 5.1.1"));
    EXPECT_THAT(words(bench.say(probe, other)), ElementsAre("RECIPIENT_UNKNOWN 550 5.1.1"));
    EXPECT_EQ(asked, 3);
    bench.now += 2 * 3600 + 1;
    answer = {250, "2.1.5", "ok"};
    EXPECT_THAT(bench.say(probe, other), IsEmpty());
}

TEST(Harvest, WhoNamesTooManyUnknownRecipientsIsPutOff) {
    Bench bench;
    const Check& harvest = check("harvest");
    Options options;
    for (const OptionKind& each : harvest.options) {
        options.emplace(std::string(each.key), each.standard);
    }
    const mail::IpAddress client = ordinary().connection.client;
    for (int i = 0; i < 19; ++i) note_unknown_recipient(bench.state, client, options);
    EXPECT_THAT(bench.say(harvest, ordinary()), IsEmpty());
    note_unknown_recipient(bench.state, client, options);
    EXPECT_THAT(words(bench.say(harvest, ordinary())), ElementsAre("HARVEST 452 4.5.3"));
    bench.now += 3601;
    EXPECT_THAT(bench.say(harvest, ordinary()), IsEmpty());
}

TEST(Loops, AreSeenInTheTrace) {
    Bench bench;
    bench.settings.smtp.max_hops = 6;
    const std::string ours =
        "Received: from x ([192.0.2.1])\r\n\tby MX.dest.example with ESMTP id 01J;\r\n\tdate\r\n";
    const std::string other = "Received: from y by z.example with ESMTP id 7; date\r\n";
    struct {
        const char* title;
        std::string header;
        bool loop;
    } const cases[] = {
        {"three of ours", ours + ours + ours, false},
        {"four of ours", ours + ours + ours + ours, true},
        {"five of others", other + other + other + other + other, false},
        {"six of others", other + other + other + other + other + other, true},
        {"delivered before", "Delivered-To:  B@dest.example \r\n" + other, true},
        {"delivered to somebody else", "Delivered-To: c@dest.example\r\n" + other, false},
        {"our name in a subject", "Subject: by mx.dest.example by mx.dest.example \r\n", false},
        {"nothing", "", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        Facts facts = ordinary();
        facts.message.emplace();
        facts.message->header = c.header + "\r\n";
        facts.message->recipients = {mailbox("b@dest.example")};
        const Words expected = c.loop ? Words{"MAIL_LOOP 554 5.4.6"} : Words{};
        EXPECT_EQ(words(bench.say(check("loops"), facts)), expected);
    }
}

}  // namespace
}  // namespace postern::checks::tests
