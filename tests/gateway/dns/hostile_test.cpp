/// The real client against servers that are dead, slow, broken or lie: each look-up ends by its
/// deadline, and nothing of it is read as "there is no such name" or as an address.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/gateway/dns/collect.hpp"
#include "tests/support/dns/fake_server.hpp"

namespace postern::tests {
namespace {

using dns::RecordType;
using dns::Status;
using testing::HasSubstr;

/// A deadline may be missed by a scheduler's delay, which sanitizers on a busy machine stretch.
constexpr auto kGrace = 400ms;

struct Hostile {
    const char* title;
    const char* zone;
    RecordType type;
    Status status;
    const char* detail;
};

constexpr Status kLate = Status::Late;
constexpr Status kFailed = Status::Failed;

/// "@" is the case's name, "QUESTION" its question in hex. A name takes 13 bytes in a packet: the
/// answer section starts at 29 (c01d), the data of its first record at 41 (c029).
const Hostile kHostile[] = {
    {"says nothing", "@ drop", RecordType::A, kLate, "no answer from 127"},
    {"slower than the deadline", "@ A 192.0.2.1\n@ delay 2s", RecordType::A, kLate, "no answer"},
    {"SERVFAIL", "@ rcode SERVFAIL", RecordType::A, kFailed, "SERVFAIL"},
    {"REFUSED", "@ rcode REFUSED", RecordType::A, kFailed, "REFUSED"},
    {"FORMERR", "@ rcode FORMERR", RecordType::A, kFailed, "FORMERR"},
    {"NOTIMP", "@ rcode NOTIMP", RecordType::A, kFailed, "NOTIMP"},
    {"wrong id", "@ A 192.0.2.1\n@ wrong-id", RecordType::A, kLate, ""},
    {"another question", "@ A 192.0.2.1\n@ wrong-question", RecordType::A, kLate, ""},
    {"a name of the same length", "@ A 192.0.2.1\n@ other-name", RecordType::A, kLate, ""},
    {"another type", "@ A 192.0.2.1\n@ wrong-type", RecordType::A, kLate, ""},
    {"no question", "@ A 192.0.2.1\n@ no-question", RecordType::A, kLate, ""},
    {"a question instead of an answer", "@ A 192.0.2.1\n@ query-bit", RecordType::A, kLate, ""},
    {"truncated over TCP as well", "@ truncate-always", RecordType::A, kFailed, "truncates"},
    {"TCP that hangs", "@ tcp-hang", RecordType::A, kLate, ""},
    {"alias to itself", "@ CNAME @", RecordType::A, kFailed, "aliases"},
    {"aliases in a ring", "@ CNAME i.@\ni.@ CNAME @", RecordType::A, kFailed, "aliases"},
    {"an alias without an end, packet after packet",
     "@ body 1 c00c00050001000000000004016ac00c\n"
     "*.@ body 1 c00c00050001000000000004016ac00c",
     RecordType::A, kFailed, ""},
    {"two aliases",
     "@ body 2 c00c000500010000000000040161c010"
     "c00c000500010000000000040162c010",
     RecordType::A, kFailed, "two aliases"},
    {"4,000 records", "@ many A 4000 192.0.2.1", RecordType::A, kFailed, "too many records"},
    {"address of five bytes", "@ RAW A 7f00000100", RecordType::A, kFailed, "malformed A"},
    {"address of no bytes", "@ RAW A", RecordType::A, kFailed, "malformed A"},
    {"IPv6 address of four bytes", "@ RAW AAAA 7f000001", RecordType::Aaaa, kFailed,
     "malformed AAAA"},
    {"a good address and a bad one", "@ A 192.0.2.1\n@ RAW A 7f", RecordType::A, kFailed,
     "malformed A"},
    {"text that ends early", "@ RAW TXT 05616263", RecordType::Txt, kFailed, "malformed TXT"},
    {"text without a string", "@ RAW TXT", RecordType::Txt, kFailed, "malformed TXT"},
    {"exchange without a name", "@ RAW MX 000a", RecordType::Mx, kFailed, "malformed MX"},
    {"exchange with bytes behind its name", "@ RAW MX 000a016100ff", RecordType::Mx, kFailed,
     "malformed MX"},
    {"name that is longer than its record", "@ RAW PTR 0361", RecordType::Ptr, kFailed,
     "malformed"},
    {"pointer to itself", "@ body 1 c00c000c0001000000000002c029", RecordType::Ptr, kFailed,
     "malformed"},
    {"pointer forwards", "@ body 1 c0ff000c0001000000000002c00c", RecordType::Ptr, kFailed,
     "malformed"},
    {"fewer records than counted", "@ A 192.0.2.1\n@ counts 9", RecordType::A, kFailed,
     "malformed"},
    {"cut in the middle", "@ A 192.0.2.1\n@ cut 9", RecordType::A, kFailed, "malformed"},
    {"nothing behind the header", "@ packet 81800001000100000000", RecordType::A, kLate, ""},
    {"a referral",
     "@ packet "
     "80000001000000010000QUESTION"
     "c01000020001000000100004016ec010",
     RecordType::A, kFailed, "referral"}};

std::string name_of(std::size_t which) {
    const std::string digits = std::to_string(which);
    return "c" + std::string(2 - digits.size(), '0') + digits + ".example";
}

std::string hex_of(const std::string& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += {kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
    return hex;
}

std::string with(std::string text, const std::string& mark, const std::string& value) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
        text.replace(at, mark.size(), value);
        at += value.size();
    }
    return text;
}

/// All at once, so that the silent ones cost one deadline together.
TEST(HostileAnswers, AreNeverBelieved) {
    std::string zone;
    for (std::size_t i = 0; i < std::size(kHostile); ++i) {
        const std::string name = name_of(i);
        const std::string question = hex_of("\x03" + name.substr(0, 3) + "\x07" + name.substr(4) +
                                            std::string("\0\0\1\0\1", 5));
        zone += with(with(kHostile[i].zone, "@", name), "QUESTION", question) + "\n";
    }
    FakeServer server(zone);
    dns::Client client(settings_for({server.address()}));
    std::vector<std::future<dns::Answer>> answers;
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < std::size(kHostile); ++i) {
        answers.push_back(ask(client, name_of(i), kHostile[i].type, 1500ms));
    }
    for (std::size_t i = 0; i < std::size(kHostile); ++i) {
        SCOPED_TRACE(kHostile[i].title);
        const dns::Answer answer = answers[i].get();
        EXPECT_EQ(dns::name(answer.status), dns::name(kHostile[i].status)) << answer.detail;
        EXPECT_THAT(answer.detail, HasSubstr(kHostile[i].detail));
        EXPECT_TRUE(answer.addresses.empty());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms + kGrace);
    EXPECT_EQ(client.load().waiting, 0U);
    EXPECT_EQ(client.load().cached, 0U);
}

TEST(HostileAnswers, RecordsOfOtherNamesAreNotTaken) {
    FakeServer server(
        "h.example A 192.0.2.1\n"
        "h.example extra victim.example A 203.0.113.1\n"
        "*.other.example body 1 0676696374696d076578616d706c65000001000100000e100004cb007101\n");
    dns::Client client(settings_for({server.address()}));
    EXPECT_EQ(look_up(client, "h.example", RecordType::A).addresses.size(), 1U);
    EXPECT_EQ(look_up(client, "x.other.example", RecordType::A).status, Status::NoData);
    EXPECT_EQ(look_up(client, "victim.example", RecordType::A).status, Status::NoName);
    EXPECT_EQ(server.asked("udp victim.example"), 1U);
}

TEST(HostileAnswers, AnswersInOtherLettersAreAskedForOverTcp) {
    for (const std::string& word : std::vector<std::string>{"wrong-case", "lower-case"}) {
        SCOPED_TRACE(word);
        FakeServer server(
            "many-letters.in.this.name.example A 192.0.2.1\n"
            "many-letters.in.this.name.example " +
            word + "\n");
        dns::Client client(settings_for({server.address()}));
        EXPECT_EQ(look_up(client, "many-letters.in.this.name.example", RecordType::A).status,
                  Status::Found);
        EXPECT_EQ(server.asked("tcp"), 1U);
    }
}

TEST(HostileAnswers, AFloodOfForeignPacketsLeadsToTcp) {
    FakeServer server("h.example A 192.0.2.1\nh.example wrong-id\nh.example repeat 50\n");
    dns::Client client(settings_for({server.address()}));
    EXPECT_EQ(look_up(client, "h.example", RecordType::A, 700ms).status, Status::Failed);
    EXPECT_GE(server.asked("tcp"), 1U);
}

TEST(Servers, ASlowAnswerToTheFirstQueryCounts) {
    FakeServer server("h.example A 192.0.2.1\nh.example delay 450ms\n");
    dns::Client client(settings_for({server.address()}));
    EXPECT_EQ(look_up(client, "h.example", RecordType::A, 900ms).status, Status::Found);
}

TEST(Servers, TheSecondIsAskedWhenTheFirstIsNoHelp) {
    const std::vector<std::string> zones = {"h.example drop", "h.example rcode SERVFAIL",
                                            "h.example rcode REFUSED", "h.example cut 3",
                                            "h.example tcp-hang"};
    FakeServer good("h.example A 192.0.2.1\n");
    for (const std::string& zone : zones) {
        SCOPED_TRACE(zone);
        FakeServer bad(zone + "\nh.example A 192.0.2.66\n");
        dns::Client client(settings_for({bad.address(), good.address()}));
        const dns::Answer answer = look_up(client, "h.example", RecordType::A);
        ASSERT_EQ(answer.status, Status::Found) << answer.detail;
        EXPECT_EQ(answer.addresses.at(0).text(), "192.0.2.1");
    }
}

TEST(Servers, ASilentOneIsLeftAloneAfterAWhile) {
    FakeServer silent("*.example drop\n");
    FakeServer good("*.example A 192.0.2.1\n");
    dns::Client client(settings_for({silent.address(), good.address()}));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(look_up(client, "h" + std::to_string(i) + ".example", RecordType::A).status,
                  Status::Found);
    }
    EXPECT_LE(silent.asked(), 4U);
    EXPECT_EQ(good.asked(), 10U);
}

TEST(Servers, AClosedPortFailsAtOnce) {
    FakeServer server("h.example A 192.0.2.1\n");
    server.stop();
    dns::Client client(settings_for({server.address()}));
    const auto start = std::chrono::steady_clock::now();
    const dns::Answer answer = look_up(client, "h.example", RecordType::A, 5s);
    EXPECT_EQ(answer.status, Status::Failed);
    EXPECT_THAT(answer.detail, HasSubstr("cannot be reached"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST(Servers, OneThatDoesNotKnowEdnsIsAskedWithoutIt) {
    for (const std::string& manner : std::vector<std::string>{"formerr", "drop"}) {
        SCOPED_TRACE(manner);
        FakeServer server("*.example A 192.0.2.1\nbig.example TXT fill:2000\n", {"--edns", manner});
        dns::Client client(settings_for({server.address()}));
        EXPECT_EQ(look_up(client, "a.example", RecordType::A).status, Status::Found);
        EXPECT_EQ(look_up(client, "b.example", RecordType::A).status, Status::Found);
        EXPECT_EQ(look_up(client, "big.example", RecordType::Txt).status, Status::Found);
        EXPECT_EQ(server.asked("udp b.example"), 1U) << "it is remembered";
    }
}

TEST(Servers, ABlackHoleCostsTheDeadlineAndNoMore) {
    FakeServer server("*.example drop\n");
    dns::Client client(settings_for({server.address()}));
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::pair<std::future<dns::Answer>, std::chrono::milliseconds>> answers;
    for (int i = 0; i < 300; ++i) {
        const std::chrono::milliseconds wait(100 + i);
        answers.emplace_back(ask(client, "h" + std::to_string(i) + ".example", RecordType::A, wait),
                             wait);
    }
    for (auto& [answer, wait] : answers) {
        EXPECT_EQ(answer.get().status, Status::Late);
        EXPECT_GE(std::chrono::steady_clock::now() - start, wait) << "not early either";
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 400ms + kGrace);
}

TEST(Servers, EachAskerOfOneQuestionHasItsOwnDeadline) {
    FakeServer server("h.example A 192.0.2.1\nh.example delay 400ms\n");
    dns::Client client(settings_for({server.address()}));
    auto early = ask(client, "h.example", RecordType::A, 100ms);
    auto late = ask(client, "h.example", RecordType::A, 2s);
    EXPECT_EQ(early.get().status, Status::Late);
    EXPECT_EQ(late.get().status, Status::Found);
}

TEST(Bounds, NoQuestionWaitsLongerThanTheSettingsSay) {
    FakeServer server("h.example drop\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.timeout = 150ms;
    dns::Client client(settings);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(look_up(client, "h.example", RecordType::A, 1h).status, Status::Late);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 150ms + kGrace);
}

TEST(Bounds, OneQuestionTooManyFailsAtOnce) {
    FakeServer server("*.example drop\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.in_flight = 3;
    dns::Client client(settings);
    std::vector<std::future<dns::Answer>> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(ask(client, std::to_string(i) + ".example", RecordType::A, 300ms));
    }
    const dns::Answer refused = look_up(client, "4.example", RecordType::A, 300ms);
    EXPECT_EQ(refused.status, Status::Failed);
    EXPECT_THAT(refused.detail, HasSubstr("too many"));
    for (auto& each : waiting) EXPECT_EQ(each.get().status, Status::Late);
    EXPECT_EQ(look_up(client, "5.example", RecordType::A, 100ms).status, Status::Late);
}

TEST(Bounds, OneTcpQuestionTooManyFails) {
    FakeServer server("*.example tcp-hang\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.tcp_in_flight = 1;
    settings.retry_after = 5s;
    dns::Client client(settings);
    auto first = ask(client, "1.example", RecordType::A, 600ms);
    while (server.asked("tcp") == 0) std::this_thread::yield();
    const dns::Answer second = look_up(client, "2.example", RecordType::A, 600ms);
    EXPECT_EQ(second.status, Status::Failed);
    EXPECT_THAT(second.detail, HasSubstr("too many questions over TCP"));
    EXPECT_EQ(first.get().status, Status::Late);
}

TEST(Bounds, RecordsAreCountedAtTheEdge) {
    FakeServer server("at.example many A 5 192.0.2.1\nover.example many A 6 192.0.2.1\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.max_records = 5;
    dns::Client client(settings);
    EXPECT_EQ(look_up(client, "at.example", RecordType::A).addresses.size(), 5U);
    EXPECT_EQ(look_up(client, "over.example", RecordType::A).status, Status::Failed);
}

long resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        long kib = 0;
        if (word == "VmRSS:" && status >> kib) return kib;
    }
    return 0;
}

TEST(Bounds, LargeAnswersDoNotFillTheMemory) {
    FakeServer server("*.big.example TXT fill:60000\n*.many.example many A 4000 192.0.2.1\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.cache_bytes = std::size_t{1} << 20;
    settings.retry_after = 10s;  // not time is what is tested: a machine under load is slow
    settings.timeout = 60s;
    dns::Client client(settings);
    const auto round = [&](const std::string& start) {
        std::vector<std::future<dns::Answer>> answers;
        for (int i = 0; i < 50; ++i) {
            const std::string label = start + std::to_string(i);
            answers.push_back(ask(client, label + ".big.example", RecordType::Txt, 60s));
            answers.push_back(ask(client, label + ".many.example", RecordType::A, 60s));
        }
        for (std::size_t i = 0; i < answers.size(); ++i) {
            EXPECT_EQ(answers[i].get().status, i % 2 == 0 ? Status::Found : Status::Failed);
        }
        EXPECT_LE(client.load().cache_bytes, settings.cache_bytes);
    };
    round("first");
    const long before = resident_kib();
    for (const char* start : {"a", "b", "c", "d"}) round(start);  // 12 MB of text
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(resident_kib() - before, 8 << 10);
#else
    EXPECT_GT(before, 0);  // sanitizers keep what was freed
#endif
}

TEST(Bounds, AliasesAreCountedAtTheEdge) {
    std::string zone;
    for (int i = 0; i < 11; ++i) {
        zone += "a" + std::to_string(i) + ".example CNAME a" + std::to_string(i + 1) + ".example\n";
    }
    zone += "a11.example A 192.0.2.1\n";
    FakeServer server(zone);
    dns::Client client(settings_for({server.address()}));
    EXPECT_EQ(look_up(client, "a1.example", RecordType::A).status, Status::Found);
    EXPECT_EQ(look_up(client, "a0.example", RecordType::A).status, Status::Failed);
}

TEST(Shutdown, AnswersEverybodyOnce) {
    FakeServer server("*.example drop\n");
    std::vector<std::future<dns::Answer>> answers;
    const auto start = std::chrono::steady_clock::now();
    {
        dns::Client client(settings_for({server.address()}));
        for (int i = 0; i < 500; ++i) {
            answers.push_back(ask(client, std::to_string(i) + ".example", RecordType::A, 2s));
            answers.push_back(ask(client, std::to_string(i) + ".example", RecordType::A, 2s));
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
    for (auto& each : answers) EXPECT_EQ(each.get().status, Status::Failed);
}

TEST(Threads, AskFromAllSidesAndGoAway) {
    FakeServer server("*.good.example A 192.0.2.1\n*.bad.example drop\n*.ugly.example cut 5\n");
    for (int round = 0; round < 3; ++round) {
        std::atomic<int> answered{0};
        {
            dns::Client client(settings_for({server.address()}));
            std::vector<std::thread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&, t] {
                    for (int i = 0; i < 100; ++i) {
                        const char* kind = i % 3 == 0 ? "good" : i % 3 == 1 ? "bad" : "ugly";
                        client.ask({std::to_string(i * (t % 2 + 1)) + "." + kind + ".example",
                                    RecordType::A},
                                   std::chrono::steady_clock::now() + 50ms,
                                   [&](const dns::Answer&) { ++answered; });
                    }
                });
            }
            for (std::thread& each : threads) each.join();
        }
        EXPECT_EQ(answered, 400);
    }
}

}  // namespace
}  // namespace postern::tests
