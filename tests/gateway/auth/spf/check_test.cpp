#include "gateway/auth/spf/check.hpp"

#include <gtest/gtest.h>

#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth::spf {
namespace {

using dns::RecordType;
using tests::FakeResolver;

Request request(const std::string& ip, const std::string& from,
                const std::string& helo = "mx.client.org") {
    return {mail::IpAddress::parse(ip).value(), helo, from};
}

Spf checked(FakeResolver& resolver, const Request& asked) {
    dns::Inquiry inquiry(resolver, {.lookups = 200});
    return check_mail_from(asked, inquiry);
}

TEST(SpfCheck, NullReversePathIsCheckedByHelo) {
    FakeResolver resolver;
    resolver.txt("mx.client.org", {"v=spf1 a:%{l}.client.org -all"});
    resolver.a("postmaster.client.org", {"192.0.2.1"});
    const Spf spf = checked(resolver, request("192.0.2.1", ""));
    EXPECT_EQ(spf.result, SpfResult::Pass);
    EXPECT_EQ(spf.identity, Spf::Identity::Helo);
    EXPECT_EQ(spf.domain, "mx.client.org");
}

TEST(SpfCheck, DomainsThatCannotHaveARecordAskNobody) {
    const char* kSenders[] = {"a@[192.0.2.1]",
                              "a@localhost",
                              "a@b..org",
                              "a@-b.org",
                              "any@victim.org(a.attacker.org",
                              "a@victim.org\r\nx.org",
                              "a@b\xff.org"};
    for (const char* sender : kSenders) {
        SCOPED_TRACE(sender);
        FakeResolver resolver;
        EXPECT_EQ(checked(resolver, request("192.0.2.1", sender)).result, SpfResult::None);
        EXPECT_TRUE(resolver.asked().empty());
    }
}

TEST(SpfCheck, TheDomainIsAskedForInALabels) {
    FakeResolver resolver;
    resolver.txt("xn--mnchen-3ya.example", {"v=spf1 ip4:192.0.2.1 -all"});
    const Spf spf = checked(resolver, request("192.0.2.1", "a@m\xc3\xbcnchen.example"));
    EXPECT_EQ(spf.result, SpfResult::Pass);
    EXPECT_EQ(spf.domain, "xn--mnchen-3ya.example");
}

// RFC 8616 4: a local part outside ASCII makes no name, so the term does not match.
TEST(SpfCheck, AMacroWithANonAsciiLocalPartDoesNotMatch) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 exists:%{l}.users.b.org ~all"});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "\xc3\xbc@b.org")).result,
              SpfResult::SoftFail);
    EXPECT_EQ(resolver.asked().size(), 1U);
}

struct StatusCase {
    dns::Status status;
    SpfResult want;
};

TEST(SpfCheck, WhatTheDnsDoesNotTellIsNoResult) {
    const StatusCase kCases[] = {{dns::Status::NoName, SpfResult::None},
                                 {dns::Status::NoData, SpfResult::None},
                                 {dns::Status::Failed, SpfResult::TempError},
                                 {dns::Status::Late, SpfResult::TempError},
                                 {dns::Status::OverBudget, SpfResult::PermError}};
    for (const StatusCase& c : kCases) {
        FakeResolver resolver;
        resolver.fails("b.org", RecordType::Txt, c.status);
        EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@b.org")).result, c.want);
    }
}

TEST(SpfCheck, AFailedLookUpInATermIsATemporaryError) {
    for (const char* term : {"a:x.org", "mx:x.org", "exists:x.org", "include:x.org"}) {
        SCOPED_TRACE(term);
        FakeResolver resolver;
        resolver.txt("b.org", {"v=spf1 " + std::string(term) + " -all"});
        for (const RecordType type : {RecordType::A, RecordType::Mx, RecordType::Txt}) {
            resolver.fails("x.org", type);
        }
        EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@b.org")).result, SpfResult::TempError);
    }
}

TEST(SpfCheck, ATermBehindTheMatchIsNotAskedFor) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 ip4:192.0.2.0/24 include:x.org -all"});
    resolver.fails("x.org", RecordType::Txt);
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@b.org")).result, SpfResult::Pass);
}

std::string includes(int count) {
    std::string record = "v=spf1";
    for (int i = 0; i < count; ++i) record += " include:i" + std::to_string(i) + ".org";
    return record + " ip4:192.0.2.1 -all";
}

TEST(SpfCheck, TenTermsMayLookUpAndElevenMayNot) {
    FakeResolver resolver;
    for (int i = 0; i < 11; ++i) {
        resolver.txt("i" + std::to_string(i) + ".org", {"v=spf1 ip4:198.51.100.1 -all"});
    }
    resolver.txt("ten.org", {includes(10)});
    resolver.txt("eleven.org", {includes(11)});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@ten.org")).result, SpfResult::Pass);
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@eleven.org")).result, SpfResult::PermError);
}

TEST(SpfCheck, ALoopOfIncludesEndsAtTheLimit) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 include:c.org -all"});
    resolver.txt("c.org", {"v=spf1 include:b.org -all"});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@b.org")).result, SpfResult::PermError);
    EXPECT_LE(resolver.asked().size(), 11U);
}

TEST(SpfCheck, ATreeOfIncludesAsksForNoMoreThanTenRecords) {
    FakeResolver resolver;
    for (int i = 0; i < 40; ++i) {
        std::string record = "v=spf1";
        for (int k = 1; k <= 9; ++k) {
            record += " include:n" + std::to_string(i * 9 + k) + ".b.org";
        }
        resolver.txt("n" + std::to_string(i) + ".b.org", {record + " -all"});
    }
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@n0.b.org")).result, SpfResult::PermError);
    EXPECT_LE(resolver.asked().size(), 11U);
}

TEST(SpfCheck, TenMailExchangesMayBeListedAndElevenMayNot) {
    for (const std::size_t count : {10U, 11U}) {
        FakeResolver resolver;
        std::vector<dns::Exchange> exchanges;
        for (std::size_t i = 0; i < count; ++i) {
            exchanges.push_back({10, "mx" + std::to_string(i) + ".b.org"});
            resolver.a(exchanges.back().host, {"192.0.2." + std::to_string(100 + i)});
        }
        resolver.mx("b.org", exchanges);
        resolver.txt("b.org", {"v=spf1 mx -all"});
        EXPECT_EQ(checked(resolver, request("192.0.2.109", "a@b.org")).result,
                  count == 10 ? SpfResult::Pass : SpfResult::PermError);
    }
}

TEST(SpfCheck, TheEleventhReverseNameIsNotLookedAt) {
    FakeResolver resolver;
    std::vector<std::string> names;
    for (int i = 0; i < 11; ++i) names.push_back("n" + std::to_string(i) + ".b.org");
    resolver.ptr("1.2.0.192.in-addr.arpa", names);
    resolver.a("n10.b.org", {"192.0.2.1"});
    resolver.txt("b.org", {"v=spf1 ptr -all"});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@b.org")).result, SpfResult::Fail);
    EXPECT_LE(resolver.asked().size(), 12U);
}

TEST(SpfCheck, TwoVoidLookUpsAreBorneAndThreeAreNot) {
    FakeResolver resolver;
    resolver.txt("two.org", {"v=spf1 a:v1.org a:v2.org ip4:192.0.2.1 -all"});
    resolver.txt("three.org", {"v=spf1 a:v1.org a:v2.org a:v3.org ip4:192.0.2.1 -all"});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@two.org")).result, SpfResult::Pass);
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@three.org")).result, SpfResult::PermError);
}

TEST(SpfCheck, EachPtrTermOfANamelessClientIsAVoidLookUp) {
    FakeResolver resolver;
    resolver.txt("two.org", {"v=spf1 ptr ptr:x.org ip4:192.0.2.1 -all"});
    resolver.txt("three.org", {"v=spf1 ptr ptr:x.org ptr:y.org ip4:192.0.2.1 -all"});
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@two.org")).result, SpfResult::Pass);
    EXPECT_EQ(checked(resolver, request("192.0.2.1", "a@three.org")).result, SpfResult::PermError);
}

TEST(SpfCheck, BehindItsDeadlineTheCheckIsATemporaryError) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 -all"});
    Request asked = request("192.0.2.1", "a@b.org");
    asked.limits.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    EXPECT_EQ(checked(resolver, asked).result, SpfResult::TempError);
    EXPECT_TRUE(resolver.asked().empty());
}

TEST(SpfCheck, TheExplanationIsFetchedOnlyWhenAskedFor) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 exp=why.b.org -all"});
    resolver.txt("why.b.org", {"%{i} is not ours, says %{r}"});
    Request asked = request("192.0.2.1", "a@b.org");
    asked.receiver = "mx.example.org";
    EXPECT_EQ(checked(resolver, asked).explanation, std::nullopt);
    EXPECT_EQ(resolver.asked().size(), 1U);
    asked.explain = true;
    EXPECT_EQ(checked(resolver, asked).explanation, "192.0.2.1 is not ours, says mx.example.org");
}

TEST(SpfCheck, AnExplanationThatCannotBePrintedIsNone) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 exp=why.b.org -all"});
    resolver.txt("why.b.org", {"%{h} may not"});
    Request asked = request("192.0.2.1", "a@b.org", "x\r\nInjected: yes");
    asked.explain = true;
    EXPECT_EQ(checked(resolver, asked).explanation, std::nullopt);
}

TEST(SpfCheck, IPv4PrefixesHoldForIPv4ClientsOnly) {
    FakeResolver resolver;
    resolver.txt("b.org", {"v=spf1 ip4:0.0.0.0/0 -all"});
    EXPECT_EQ(checked(resolver, request("2001:db8::1", "a@b.org")).result, SpfResult::Fail);
    EXPECT_EQ(checked(resolver, request("::ffff:192.0.2.1", "a@b.org")).result, SpfResult::Pass);
}

}  // namespace
}  // namespace postern::auth::spf
