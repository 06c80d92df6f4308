#include "gateway/dns/inquiry.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/dns/fake_resolver.hpp"

namespace postern::dns {
namespace {

TEST(Inquiry, AsksEachQuestionOnceWhateverItsCase) {
    tests::FakeResolver resolver;
    resolver.txt("example.org", {"one"});
    Inquiry inquiry(resolver, {});
    EXPECT_EQ(inquiry.lookup({"Example.ORG.", RecordType::Txt}).texts,
              std::vector<std::string>{"one"});
    EXPECT_EQ(inquiry.lookup({"example.org", RecordType::Txt}).status, Status::Found);
    EXPECT_EQ(inquiry.asked(), 1U);
    EXPECT_EQ(resolver.asked().size(), 1U);
}

TEST(Inquiry, AnswersOverBudgetWithoutAskingBehindTheLastLookup) {
    tests::FakeResolver resolver;
    Inquiry inquiry(resolver, {.lookups = 2});
    EXPECT_EQ(inquiry.lookup({"a.example", RecordType::A}).status, Status::NoName);
    EXPECT_EQ(inquiry.lookup({"b.example", RecordType::A}).status, Status::NoName);
    EXPECT_EQ(inquiry.lookup({"c.example", RecordType::A}).status, Status::OverBudget);
    EXPECT_EQ(inquiry.lookup({"a.example", RecordType::A}).status, Status::NoName);
    EXPECT_EQ(resolver.asked().size(), 2U);
}

/// Answers when told to, from another thread.
class SlowResolver final : public Resolver {
public:
    void ask(const Question& /*question*/, TimePoint deadline, Done done) override {
        deadline_ = deadline;
        done_ = std::move(done);
    }
    TimePoint deadline_;
    Done done_;
};

TEST(Inquiry, WaitsForAnAnswerFromAnotherThread) {
    SlowResolver resolver;
    const TimePoint end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    Inquiry inquiry(resolver, {.lookups = 5, .per_lookup = std::chrono::hours(1), .deadline = end});
    const Pending pending = inquiry.ask({"a.example", RecordType::A});
    EXPECT_FALSE(pending.ready());
    EXPECT_EQ(resolver.deadline_, end);
    std::thread other([&] {
        Answer answer;
        answer.status = Status::NoData;
        resolver.done_(answer);
    });
    EXPECT_EQ(pending.wait().status, Status::NoData);
    other.join();
}

TEST(Names, ReversesAddresses) {
    const auto v4 = mail::IpAddress::parse("192.0.2.1").value();
    const auto v6 = mail::IpAddress::parse("2001:db8::2:1").value();
    EXPECT_EQ(reverse_name(v4), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(list_name(v4, "list.example"), "1.2.0.192.list.example");
    EXPECT_EQ(reverse_name(v6),
              "1.0.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace postern::dns
