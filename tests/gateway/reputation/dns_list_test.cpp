#include "gateway/reputation/dns_list.hpp"

#include <gtest/gtest.h>

#include "gateway/reputation/list_health.hpp"

namespace postern::reputation {
namespace {

using settings::DnsListKind;
using settings::NameDepth;

DnsList list_with(const std::vector<std::string>& codes,
                  const std::vector<std::string>& errors = {}) {
    DnsList list;
    list.name = "list";
    list.zone = "list.example";
    list.subjects = {ListSubject::Client};
    list.score = 3;
    for (const auto& each : codes) list.codes.push_back(settings::parse_list_code(each).value());
    for (const auto& each : errors) list.errors.push_back(settings::parse_list_code(each).value());
    return list;
}

dns::Answer answer_of(const std::vector<std::string>& addresses) {
    dns::Answer answer;
    answer.status = dns::Status::Found;
    for (const auto& each : addresses) {
        answer.addresses.push_back(mail::IpAddress::parse(each).value());
    }
    return answer;
}

TEST(DnsList, ReadsAnswersByItsCodes) {
    const DnsList exact =
        list_with({"127.0.0.2", "127.0.0.4-7 = 5 exploited", "127.0.0.10 = 1.5 dynamic"});
    const DnsList bits =
        list_with({"&0x08 = 4 phishing", "&16 = 6 malware", "&64 = 2 abused"}, {"127.0.0.1"});
    const DnsList allow = list_with({"127.0.0.2-127.0.255.255 = -2"});
    const struct {
        const char* title;
        const DnsList& list;
        std::vector<std::string> addresses;
        Meaning meaning;
        double weight;
        std::string value;
        std::string reason;
    } cases[] = {
        {"the list's own score", exact, {"127.0.0.2"}, Meaning::Listed, 3, "127.0.0.2", ""},
        {"start of a range", exact, {"127.0.0.4"}, Meaning::Listed, 5, "127.0.0.4", "exploited"},
        {"end of a range", exact, {"127.0.0.7"}, Meaning::Listed, 5, "127.0.0.7", "exploited"},
        {"below a range", exact, {"127.0.0.3"}, Meaning::NotListed, 0, "", ""},
        {"above a range", exact, {"127.0.0.8"}, Meaning::NotListed, 0, "", ""},
        {"the strongest of several",
         exact,
         {"127.0.0.10", "127.0.0.4", "127.0.0.2"},
         Meaning::Listed,
         5,
         "127.0.0.10 127.0.0.4 127.0.0.2",
         "dynamic, exploited"},
        {"unknown codes do not count",
         exact,
         {"127.0.0.99", "127.0.0.2"},
         Meaning::Listed,
         3,
         "127.0.0.2",
         ""},
        {"one bit", bits, {"127.0.0.8"}, Meaning::Listed, 4, "127.0.0.8", "phishing"},
        {"several bits",
         bits,
         {"127.0.0.88"},
         Meaning::Listed,
         6,
         "127.0.0.88",
         "phishing, malware, abused"},
        {"no known bit", bits, {"127.0.0.4"}, Meaning::NotListed, 0, "", ""},
        {"an error code", bits, {"127.0.0.1"}, Meaning::Unknown, 0, "", ""},
        {"an error code among others",
         bits,
         {"127.0.0.8", "127.0.0.1"},
         Meaning::Unknown,
         0,
         "",
         ""},
        {"refused for a public resolver", exact, {"127.255.255.254"}, Meaning::Unknown, 0, "", ""},
        {"refused beside a listing",
         exact,
         {"127.0.0.2", "127.255.255.255"},
         Meaning::Unknown,
         0,
         "",
         ""},
        {"just below the refusals", exact, {"127.255.254.255"}, Meaning::NotListed, 0, "", ""},
        {"a parked domain", exact, {"192.0.2.80"}, Meaning::Unknown, 0, "", ""},
        {"bits of an address outside 127/8", bits, {"192.0.2.8"}, Meaning::Unknown, 0, "", ""},
        {"an IPv6 address", exact, {"2001:db8::2"}, Meaning::Unknown, 0, "", ""},
        {"an allow list", allow, {"127.0.5.1"}, Meaning::Listed, -2, "127.0.5.1", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Reading reading = read_answer(c.list, answer_of(c.addresses));
        EXPECT_EQ(reading.meaning, c.meaning);
        EXPECT_EQ(reading.weight, c.weight);
        EXPECT_EQ(reading.value, c.value);
        EXPECT_EQ(reading.reason, c.reason);
        EXPECT_EQ(reading.why.empty(), c.meaning != Meaning::Unknown);
    }
}

TEST(DnsList, WhatCouldNotBeToldIsUnknown) {
    const DnsList list = list_with({"127.0.0.2"});
    using dns::Status;
    const struct {
        Status status;
        Meaning meaning;
    } cases[] = {{Status::NoName, Meaning::NotListed},
                 {Status::NoData, Meaning::NotListed},
                 {Status::Failed, Meaning::Unknown},
                 {Status::Late, Meaning::Unknown},
                 {Status::OverBudget, Meaning::Unknown}};
    for (const auto& c : cases) {
        SCOPED_TRACE(name(c.status));
        dns::Answer answer;
        answer.status = c.status;
        EXPECT_EQ(read_answer(list, answer).meaning, c.meaning);
    }
}

TEST(DnsList, AsksOnlyForWhatItIsFor) {
    DnsList ip = list_with({});
    DnsList domain = list_with({});
    domain.kind = DnsListKind::Domain;
    domain.subjects = {ListSubject::Link, ListSubject::Helo};
    DnsList host = domain;
    host.names = NameDepth::Host;
    DnsList both = domain;
    both.names = NameDepth::Both;
    DnsList with_addresses = domain;
    with_addresses.ip_links = true;
    DnsList v6 = ip;
    v6.ipv6 = true;
    const auto v4_address = mail::IpAddress::parse("192.0.2.1").value();
    const auto v6_address = mail::IpAddress::parse("2001:db8::1").value();
    const HostSubject name{"www.evil.co.uk", "evil.co.uk"};
    using Names = std::vector<std::string>;
    const struct {
        const char* title;
        const DnsList& list;
        Subject subject;
        Names names;
    } cases[] = {
        {"IPv4 client", ip, {ListSubject::Client, v4_address}, {"1.2.0.192.list.example"}},
        {"IPv6 client, list of IPv4", ip, {ListSubject::Client, v6_address}, {}},
        {"IPv6 client",
         v6,
         {ListSubject::Client, v6_address},
         {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example"}},
        {"address of a link, list of clients", ip, {ListSubject::Link, v4_address}, {}},
        {"name for a list of addresses", ip, {ListSubject::Client, name}, {}},
        {"registrable domain", domain, {ListSubject::Link, name}, {"evil.co.uk.list.example"}},
        {"host", host, {ListSubject::Link, name}, {"www.evil.co.uk.list.example"}},
        {"both",
         both,
         {ListSubject::Link, name},
         {"evil.co.uk.list.example", "www.evil.co.uk.list.example"}},
        {"both are one",
         both,
         {ListSubject::Link, HostSubject{"evil.co.uk", "evil.co.uk"}},
         {"evil.co.uk.list.example"}},
        {"no registrable domain",
         domain,
         {ListSubject::Link, HostSubject{"co.uk", ""}},
         {"co.uk.list.example"}},
        {"another use", domain, {ListSubject::Sender, name}, {}},
        {"address for a list of names", domain, {ListSubject::Link, v4_address}, {}},
        {"address for a list of both",
         with_addresses,
         {ListSubject::Link, v4_address},
         {"1.2.0.192.list.example"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(list_questions(c.list, c.subject), c.names);
    }
}

TEST(DnsList, HasTheTestPointsOfRfc5782) {
    DnsList ip = list_with({});
    ip.ipv6 = true;
    const auto points = test_points(ip, 0);
    ASSERT_EQ(points.size(), 5U);
    EXPECT_EQ(points[0].name, "2.0.0.127.list.example");
    EXPECT_TRUE(points[0].listed);
    EXPECT_EQ(points[1].name, "1.0.0.127.list.example");
    EXPECT_FALSE(points[1].listed);
    EXPECT_FALSE(points[2].listed);
    EXPECT_NE(points[2].name, test_points(ip, 1)[2].name);
    const std::string zeros = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.";
    EXPECT_EQ(points[3].name, "2.0.0.0.0.0.f.7.f.f.f.f." + zeros + "list.example");
    EXPECT_TRUE(points[3].listed);
    EXPECT_EQ(points[4].name, "1.0.0.0.0.0.f.7.f.f.f.f." + zeros + "list.example");
    EXPECT_FALSE(points[4].listed);
    DnsList domain = list_with({});
    domain.kind = DnsListKind::Domain;
    EXPECT_EQ(test_points(domain, 0)[0].name, "test.list.example");
    EXPECT_EQ(test_points(domain, 0)[1].name, "invalid.list.example");
    domain.test_listed = "test.surbl.org";
    EXPECT_EQ(test_points(domain, 0)[0].name, "test.surbl.org.list.example");
    domain.test_points = false;
    EXPECT_TRUE(test_points(domain, 0).empty());
}

dns::Answer status(dns::Status status) {
    dns::Answer answer;
    answer.status = status;
    return answer;
}

TEST(ListHealth, IsJudgedByItsTestPoints) {
    using Kind = TestVerdict::Kind;
    const dns::Answer listed = answer_of({"127.0.0.2"});
    const dns::Answer none = status(dns::Status::NoName);
    const dns::Answer late = status(dns::Status::Late);
    const struct {
        const char* title;
        dns::Answer must;
        dns::Answer must_not;
        Kind kind;
    } cases[] = {
        {"well", listed, none, Kind::Well},
        {"well with a code that has no points", answer_of({"127.0.0.77"}), none, Kind::Well},
        {"well without such records", listed, status(dns::Status::NoData), Kind::Well},
        {"lists everything", listed, listed, Kind::Lying},
        {"is empty", none, none, Kind::Lying},
        {"is parked", answer_of({"192.0.2.80"}), answer_of({"192.0.2.80"}), Kind::Lying},
        {"refuses us", answer_of({"127.255.255.254"}), answer_of({"127.255.255.254"}), Kind::Lying},
        {"silent", late, late, Kind::Silent},
        {"half silent", listed, late, Kind::Silent},
        {"a lie weighs more than silence", late, listed, Kind::Lying},
        {"and in the other order", none, late, Kind::Lying},
        {"server failure", status(dns::Status::Failed), none, Kind::Silent},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const TestVerdict verdict =
            judge_tests(list_with({"127.0.0.2"}),
                        {{{"must", true}, c.must}, {{"must not", false}, c.must_not}});
        EXPECT_EQ(verdict.kind, c.kind);
        EXPECT_EQ(verdict.why.empty(), c.kind == Kind::Well);
    }
}

TEST(ListHealth, ALieSuspendsAtOnceAndSilenceWhenItLasts) {
    using Kind = TestVerdict::Kind;
    HealthRecord record(true);
    EXPECT_EQ(record.health(), Health::Untested);
    EXPECT_TRUE(record.take({Kind::Well, ""}));
    EXPECT_FALSE(record.take({Kind::Silent, "late"}));
    EXPECT_EQ(record.health(), Health::Well);
    EXPECT_FALSE(record.take({Kind::Well, ""}));
    EXPECT_FALSE(record.take({Kind::Silent, "late"}));
    EXPECT_TRUE(record.take({Kind::Silent, "late"}));
    EXPECT_EQ(record.health(), Health::Suspended);
    EXPECT_TRUE(record.take({Kind::Well, ""}));
    EXPECT_TRUE(record.take({Kind::Lying, "lists everything"}));
    EXPECT_EQ(record.health(), Health::Suspended);
    EXPECT_EQ(record.why(), "lists everything");
    HealthRecord first(true);
    EXPECT_TRUE(first.take({Kind::Silent, "late"}));
    EXPECT_EQ(first.health(), Health::Suspended) << "nobody has seen it well";
}

}  // namespace
}  // namespace postern::reputation
