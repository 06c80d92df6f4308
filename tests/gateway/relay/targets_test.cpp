#include "gateway/relay/targets.hpp"

#include <gtest/gtest.h>

#include "tests/support/dns/fake_resolver.hpp"

namespace postern::relay {
namespace {

using dns::Answer;
using dns::RecordType;
using dns::Status;
using tests::FakeResolver;

Answer secure(Answer answer) {
    answer.status = Status::Found;
    answer.secure = true;
    return answer;
}

Answer address(const std::string& text, bool is_secure) {
    Answer answer;
    answer.status = Status::Found;
    answer.addresses = {mail::IpAddress::parse(text).value()};
    answer.secure = is_secure;
    return answer;
}

Answer tlsa(std::vector<dns::TlsaRecord> records, bool is_secure = true) {
    Answer answer;
    answer.status = Status::Found;
    answer.tlsa = std::move(records);
    answer.secure = is_secure;
    return answer;
}

const dns::TlsaRecord kGood{3, 1, 1, std::string(32, 'k')};

std::string kind(TlsProof::Kind kind) {
    switch (kind) {
        case TlsProof::Kind::None:
            return "";
        case TlsProof::Kind::Name:
            return "+name";
        case TlsProof::Kind::Dane:
            return "+dane";
        case TlsProof::Kind::Pin:
            return "+pin";
    }
    return "?";
}

/// "192.0.2.1/25 required+dane(hop.test hop.test,dest.test)"
std::string told(const Targets& targets) {
    std::string text;
    for (const Target& each : targets.found) {
        text += text.empty() ? "" : "; ";
        text += each.endpoint.address;
        text += each.tls == smtp::ClientTls::None            ? " clear"
                : each.tls == smtp::ClientTls::Opportunistic ? " opportunistic"
                                                             : " required";
        text += kind(each.proof.kind);
        for (const std::string& name : each.proof.names) text += " " + name;
    }
    return text;
}

Targets found(const HopSettings& settings, dns::Resolver* resolver) {
    return look_up(settings, resolver, Clock::now() + std::chrono::seconds(5));
}

HopSettings to(std::string host, TlsMode mode = TlsMode::None, bool mx = false) {
    HopSettings settings;
    settings.host = std::move(host);
    settings.tls.mode = mode;
    settings.mx = mx;
    return settings;
}

TEST(Targets, AreTheAddressesOfTheServerInTheOrderToTry) {
    FakeResolver dns;
    dns.a("both.test", {"192.0.2.1", "192.0.2.2", "2001:db8::1"})
        .a("v4.test", {"192.0.2.4"})
        .a("v6.test", {"2001:db8::6"})
        .a("one.test", {"192.0.2.11"})
        .a("two.test", {"192.0.2.12"})
        .mx("dest.test", {{10, "one.test"}, {20, "two.test"}})
        .mx("null.test", {{0, ""}})
        .mx("gone.test", {{10, "nowhere.test"}})
        .fails("sick.test", RecordType::A)
        .fails("sick-mx.test", RecordType::Mx, Status::Late)
        .a("half.test", {"192.0.2.7"})
        .fails("half.test", RecordType::Aaaa);
    const struct {
        std::string title;
        HopSettings settings;
        std::string want, problem;
    } cases[] = {
        {"an address", to("192.0.2.9"), "192.0.2.9 clear", ""},
        {"an IPv6 address", to("2001:db8::9"), "2001:db8::9 clear", ""},
        {"a socket", to("/run/lmtp"), "/run/lmtp clear", ""},
        {"this host", to("LocalHost"), "::1 clear; 127.0.0.1 clear", ""},
        {"IPv4 only", to("v4.test"), "192.0.2.4 clear", ""},
        {"IPv6 only", to("v6.test"), "2001:db8::6 clear", ""},
        {"both in turns", to("both.test"), "2001:db8::1 clear; 192.0.2.1 clear; 192.0.2.2 clear",
         ""},
        {"no such name", to("none.test"), "", "none.test has no address"},
        {"could not be told", to("sick.test"), "", "sick.test A: "},
        {"one family could not be told", to("half.test"), "192.0.2.7 clear", "half.test AAAA: "},
        {"MX by preference", to("dest.test", TlsMode::None, true),
         "192.0.2.11 clear; 192.0.2.12 clear", ""},
        {"no MX: the domain itself", to("v4.test", TlsMode::None, true), "192.0.2.4 clear", ""},
        {"null MX", to("null.test", TlsMode::None, true), "", "takes no mail"},
        {"MX host without address", to("gone.test", TlsMode::None, true), "",
         "nowhere.test has no address"},
        {"MX could not be told", to("sick-mx.test", TlsMode::None, true), "", "sick-mx.test MX: "},
        {"no such domain", to("none.test", TlsMode::None, true), "", "none.test MX: "},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Targets targets = found(c.settings, &dns);
        EXPECT_EQ(told(targets), c.want);
        EXPECT_TRUE(c.problem.empty() ? targets.detail.empty()
                                      : targets.detail.find(c.problem) != std::string::npos)
            << targets.detail;
    }
}

TEST(Targets, AreBounded) {
    FakeResolver dns;
    std::vector<dns::Exchange> exchanges;
    for (int i = 0; i < 12; ++i) {
        const std::string host = "mx" + std::to_string(i) + ".test";
        exchanges.push_back({static_cast<std::uint16_t>(i), host});
        dns.a(host, {"192.0.2." + std::to_string(i), "198.51.100." + std::to_string(i),
                     "203.0.113." + std::to_string(i), "2001:db8::" + std::to_string(i)});
    }
    dns.mx("dest.test", exchanges);
    EXPECT_EQ(found(to("dest.test", TlsMode::None, true), &dns).found.size(), kMaxTargets);
    for (const auto& question : dns.asked()) EXPECT_NE(question.name, "mx10.test");
}

TEST(Targets, WithoutADnsOnlyAddressesCanBeReached) {
    EXPECT_EQ(told(found(to("127.0.0.1"), nullptr)), "127.0.0.1 clear");
    const Targets none = found(to("hop.test"), nullptr);
    EXPECT_TRUE(none.found.empty());
    EXPECT_NE(none.detail, "");
}

TEST(Targets, SayWhatTheServerHasToProve) {
    FakeResolver dns;
    dns.a("hop.test", {"192.0.2.1"});
    HopSettings named = to("hop.test", TlsMode::Required);
    named.tls.name = "mail.test";
    HopSettings unproven = to("hop.test", TlsMode::Required);
    unproven.tls.verify = false;
    HopSettings pinned = to("hop.test", TlsMode::Pinned);
    pinned.tls.pins = {std::string(32, 'p')};
    EXPECT_EQ(told(found(to("hop.test", TlsMode::Opportunistic), &dns)), "192.0.2.1 opportunistic");
    EXPECT_EQ(told(found(to("hop.test", TlsMode::Required), &dns)),
              "192.0.2.1 required+name hop.test");
    EXPECT_EQ(told(found(named, &dns)), "192.0.2.1 required+name mail.test");
    EXPECT_EQ(told(found(unproven, &dns)), "192.0.2.1 required");
    EXPECT_EQ(told(found(pinned, &dns)), "192.0.2.1 required+pin");
    EXPECT_EQ(told(found(to("192.0.2.5", TlsMode::Required), &dns)),
              "192.0.2.5 required+name 192.0.2.5");
}

/// RFC 7672 2.2. What the DNS says about hop.test, and about dest.test whose MX it is.
TEST(Targets, AreProvenByDaneOnlyWhereAllOfItIsSecure) {
    const std::string owner = "_25._tcp.hop.test";
    const struct {
        std::string title;
        bool mx, secure_mx, secure_address;
        std::optional<Answer> tlsa;
        std::string dane, dane_only;  ///< targets of either mode
    } cases[] = {
        {"secure", false, true, true, tlsa({kGood}), "required+dane hop.test",
         "required+dane hop.test"},
        {"by MX", true, true, true, tlsa({kGood}), "required+dane hop.test dest.test",
         "required+dane hop.test dest.test"},
        {"MX not secure", true, false, true, tlsa({kGood}), "opportunistic", ""},
        {"address not secure", false, true, false, tlsa({kGood}), "opportunistic", ""},
        {"records not secure", false, true, true, tlsa({kGood}, false), "opportunistic", ""},
        {"no records", false, true, true, std::nullopt, "opportunistic", ""},
        {"could not be told", false, true, true, Answer{}, "", ""},
        {"nobody can use them", false, true, true, tlsa({{1, 1, 1, std::string(32, 'k')}}),
         "required hop.test", "required hop.test"},
        {"one of two is of use", false, true, true, tlsa({{0, 0, 1, std::string(32, 'x')}, kGood}),
         "required+dane hop.test", "required+dane hop.test"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        FakeResolver dns;
        dns.put("hop.test", RecordType::A, address("192.0.2.1", c.secure_address));
        Answer mx;
        mx.exchanges = {{10, "hop.test"}};
        mx = secure(mx);
        mx.secure = c.secure_mx;
        dns.put("dest.test", RecordType::Mx, mx);
        if (c.tlsa) dns.put(owner, RecordType::Tlsa, *c.tlsa);
        const std::string host = c.mx ? "dest.test" : "hop.test";
        const auto expect = [&](TlsMode mode, const std::string& want) {
            const Targets targets = found(to(host, mode, c.mx), &dns);
            EXPECT_EQ(told(targets), want.empty() ? "" : "192.0.2.1 " + want);
            EXPECT_EQ(targets.detail.empty(), !want.empty());
        };
        expect(TlsMode::Dane, c.dane);
        expect(TlsMode::DaneOnly, c.dane_only);
        EXPECT_EQ(told(found(to(host, TlsMode::Opportunistic, c.mx), &dns)),
                  "192.0.2.1 opportunistic");
    }
}

TEST(Targets, FollowAnAliasToTheTlsaRecords) {
    /// Puts the records under the alias's end, as a resolver that follows CNAME tells it.
    class Aliased final : public dns::Resolver {
    public:
        void ask(const dns::Question& question, dns::TimePoint /*deadline*/, Done done) override {
            Answer answer;
            answer.status = Status::NoData;
            if (question.type == RecordType::A && question.name == "alias.test") {
                answer = address("192.0.2.1", true);
                answer.canonical = "real.test";
            }
            if (question.name == where) answer = tlsa({kGood});
            done(answer);
        }
        std::string where;
    };
    Aliased dns;
    dns.where = "_25._tcp.real.test";
    EXPECT_EQ(told(found(to("alias.test", TlsMode::DaneOnly), &dns)),
              "192.0.2.1 required+dane real.test");
    dns.where = "_25._tcp.alias.test";
    EXPECT_EQ(told(found(to("alias.test", TlsMode::DaneOnly), &dns)),
              "192.0.2.1 required+dane alias.test");
}

TEST(Tlsa, RecordsOfNoUseAreLeftOut) {
    const struct {
        std::string title;
        dns::TlsaRecord record;
        bool usable;
    } cases[] = {
        {"2 0 1", {2, 0, 1, std::string(32, 'x')}, true},
        {"3 1 1", {3, 1, 1, std::string(32, 'x')}, true},
        {"3 1 2", {3, 1, 2, std::string(64, 'x')}, true},
        {"3 0 0", {3, 0, 0, "certificate"}, true},
        {"0 0 1", {0, 0, 1, std::string(32, 'x')}, false},
        {"1 0 1", {1, 0, 1, std::string(32, 'x')}, false},
        {"4 0 1", {4, 0, 1, std::string(32, 'x')}, false},
        {"3 2 1", {3, 2, 1, std::string(32, 'x')}, false},
        {"3 1 3", {3, 1, 3, std::string(32, 'x')}, false},
        {"too short", {3, 1, 1, std::string(31, 'x')}, false},
        {"too long", {3, 1, 2, std::string(65, 'x')}, false},
        {"empty", {3, 1, 0, ""}, false},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(usable({c.record}).size(), c.usable ? 1U : 0U) << c.title;
    }
}

}  // namespace
}  // namespace postern::relay
