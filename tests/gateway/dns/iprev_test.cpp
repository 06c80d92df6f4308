#include "gateway/auth/iprev.hpp"

#include <gtest/gtest.h>

#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth {
namespace {

using dns::RecordType;
using dns::Status;

struct Case {
    const char* title;
    std::function<void(tests::FakeResolver&)> zone;
    IprevResult result;
    const char* name;
};

const Case kCases[] = {
    {"a name that leads back",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"a.example"}).a("a.example", {"192.0.2.1"});
     },
     IprevResult::Pass, "a.example"},
    {"the second of two",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"x.example", "a.example"})
             .a("x.example", {"192.0.2.9"})
             .a("a.example", {"192.0.2.3", "192.0.2.1"});
     },
     IprevResult::Pass, "a.example"},
    {"one leads back and one cannot be told",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"x.example", "a.example"})
             .fails("x.example", RecordType::A)
             .a("a.example", {"192.0.2.1"});
     },
     IprevResult::Pass, "a.example"},
    {"another address",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"a.example"}).a("a.example", {"192.0.2.9"});
     },
     IprevResult::Fail, ""},
    {"a name that is not there",
     [](auto& dns) { dns.ptr("1.2.0.192.in-addr.arpa", {"a.example"}); }, IprevResult::Fail, ""},
    {"the address only as IPv6",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"a.example"}).a("a.example", {"2001:db8::1"});
     },
     IprevResult::Fail, ""},
    {"no name", [](auto&) {}, IprevResult::PermError, ""},
    {"names that cannot be told",
     [](auto& dns) { dns.fails("1.2.0.192.in-addr.arpa", RecordType::Ptr, Status::Late); },
     IprevResult::TempError, ""},
    {"addresses that cannot be told",
     [](auto& dns) {
         dns.ptr("1.2.0.192.in-addr.arpa", {"x.example", "y.example"})
             .a("x.example", {"192.0.2.9"})
             .fails("y.example", RecordType::A, Status::Failed);
     },
     IprevResult::TempError, ""},
    {"the eleventh of eleven is not looked at",
     [](auto& dns) {
         std::vector<std::string> names;
         for (int i = 0; i < 10; ++i) names.push_back("x" + std::to_string(i) + ".example");
         names.emplace_back("a.example");
         dns.ptr("1.2.0.192.in-addr.arpa", names).a("a.example", {"192.0.2.1"});
     },
     IprevResult::Fail, ""},
};

TEST(Iprev, FollowsNamesBack) {
    const auto client = mail::IpAddress::parse("192.0.2.1").value();
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        tests::FakeResolver resolver;
        c.zone(resolver);
        dns::Inquiry inquiry(resolver, {});
        const Iprev waited = iprev(client, inquiry);
        EXPECT_EQ(waited.result, c.result) << waited.detail;
        EXPECT_EQ(waited.name, c.name);
        Iprev told;
        iprev(client, std::make_shared<dns::Inquiry>(resolver, dns::Budget{}),
              [&](Iprev found) { told = std::move(found); });
        EXPECT_EQ(told.result, c.result);
        EXPECT_EQ(told.name, c.name);
    }
}

TEST(Iprev, AsksForIpv6AddressesOfAnIpv6Client) {
    const auto client = mail::IpAddress::parse("2001:db8::1").value();
    tests::FakeResolver resolver;
    resolver.ptr(dns::reverse_name(client), {"a.example"}).a("a.example", {"2001:db8::1"});
    dns::Inquiry inquiry(resolver, {});
    EXPECT_EQ(iprev(client, inquiry).result, IprevResult::Pass);
    EXPECT_EQ(inquiry.asked(), 2U);
}

TEST(Iprev, MoreLookupsThanAllowedTellNothing) {
    const auto client = mail::IpAddress::parse("192.0.2.1").value();
    tests::FakeResolver resolver;
    resolver.ptr("1.2.0.192.in-addr.arpa", {"x.example", "a.example"})
        .a("a.example", {"192.0.2.1"});
    dns::Inquiry inquiry(resolver, {.lookups = 2});
    EXPECT_EQ(iprev(client, inquiry).result, IprevResult::TempError);
}

/// Keeps questions until told to answer them.
class HeldResolver final : public dns::Resolver {
public:
    void ask(const dns::Question& question, dns::TimePoint deadline, Done done) override {
        held_.push_back([this, question, deadline, done] { inner_.ask(question, deadline, done); });
    }
    void release() {
        while (!held_.empty()) {
            const auto last = held_.back();
            held_.pop_back();
            last();
        }
    }
    tests::FakeResolver inner_;

private:
    std::vector<std::function<void()>> held_;
};

TEST(Iprev, OutlivesWhoAskedAndPrefersTheFirstNameWhateverCameFirst) {
    HeldResolver resolver;
    resolver.inner_.ptr("1.2.0.192.in-addr.arpa", {"a.example", "b.example"})
        .a("a.example", {"192.0.2.1"})
        .a("b.example", {"192.0.2.1"});
    int calls = 0;
    Iprev told;
    {
        const auto inquiry = std::make_shared<dns::Inquiry>(resolver, dns::Budget{});
        iprev(mail::IpAddress::parse("192.0.2.1").value(), inquiry, [&](Iprev found) {
            ++calls;
            told = std::move(found);
        });
    }
    EXPECT_EQ(calls, 0);
    resolver.release();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(told.name, "a.example");
}

}  // namespace
}  // namespace postern::auth
