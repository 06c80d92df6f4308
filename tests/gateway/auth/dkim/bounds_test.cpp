/// @file Mail that is made to cost: the work, the look-ups and the results stay bounded.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"
#include "tests/support/cpu_time.hpp"

namespace postern::auth::dkim {
namespace {

using tests::cpu_time_of;
using tests::kNow;
using tests::replaced;
using tests::signed_with;

const std::string kHeader =
    "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n\r\n";
const std::string kBody = "Hello, world.\r\n";
const std::string kTags =
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from:to:subject; bh=BH";

/// Generous for machines under sanitizers: what is not bounded takes minutes.
constexpr auto kSoon = std::chrono::seconds(20);

std::string first_field(const std::string& message) {
    return message.substr(0, message.find("\r\nFrom: ") + 2);
}

TEST(DkimBounds, ThousandSignatures) {
    const std::string one = first_field(signed_with(tests::rsa_key(), kTags, kHeader, kBody));
    std::string message = kHeader + kBody;
    for (int i = 0; i < 1000; ++i) {
        message = replaced(one, "d=example.org", "d=d" + std::to_string(i) + ".example") + message;
    }
    tests::FakeResolver dns;
    std::vector<Dkim> results;
    EXPECT_LT(cpu_time_of([&] { results = tests::verify_text(message, dns, kNow).dkim; }), kSoon);
    EXPECT_EQ(results.size(), VerifyLimits{}.max_listed);
    EXPECT_EQ(dns.asked().size(), VerifyLimits{}.max_signatures);
}

TEST(DkimBounds, TheAuthorsSignatureIsVerifiedHoweverManyStandBeforeIt) {
    const std::string good = first_field(signed_with(tests::rsa_key(), kTags, kHeader, kBody));
    std::string message = good + kHeader + kBody;
    for (int i = 0; i < 30; ++i) {
        message = replaced(good, "d=example.org", "d=d" + std::to_string(i) + ".example") + message;
    }
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    const auto results = tests::verify_text(message, dns, kNow).dkim;
    ASSERT_EQ(results.size(), 31U);
    EXPECT_EQ(results.back().result, DkimResult::Pass);
    std::size_t refused = 0;
    for (const Dkim& each : results) refused += each.result == DkimResult::Policy ? 1 : 0;
    EXPECT_EQ(refused, 21U);
}

TEST(DkimBounds, CountOfSignaturesAtItsEdge) {
    const std::string good = first_field(signed_with(tests::rsa_key(), kTags, kHeader, kBody));
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    arc::IntakeLimits limits;
    limits.dkim.max_signatures = 2;
    limits.dkim.max_listed = 3;
    const auto results =
        tests::verify_text(good + good + good + good + kHeader + kBody, dns, kNow, limits).dkim;
    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(results[1].result, DkimResult::Pass);
    EXPECT_EQ(results[2].result, DkimResult::Policy);
    EXPECT_EQ(dns.asked().size(), 1U) << "the same key is asked for once";
}

TEST(DkimBounds, AThousandLengthsCostOnePass) {
    std::string field;
    for (int i = 0; i < 40; ++i) {
        const std::string tags = replaced(kTags, "s=s", "s=s; l=" + std::to_string(i * 1000));
        field += first_field(signed_with(tests::rsa_key(), tags, kHeader, kBody));
    }
    const std::string body(std::size_t{4} << 20U, 'x');
    tests::FakeResolver dns;
    EXPECT_LT(cpu_time_of([&] { (void)tests::verify_text(field + kHeader + body, dns, kNow); }),
              kSoon);
}

TEST(DkimBounds, TenMegabytesOfHeader) {
    constexpr std::size_t kSize = std::size_t{10} << 20U;
    const std::string long_line = "X: " + std::string(900, 'y') + "\r\n";
    const std::string signature = first_field(
        signed_with(tests::rsa_key(), replaced(kTags, "h=from", "h=x:y:from:x:y"), kHeader, kBody));
    for (const std::string& shape : {std::string("a:\r\n"), long_line}) {
        std::string header;
        header.reserve(kSize + shape.size());
        while (header.size() < kSize) header += shape;
        tests::FakeResolver dns;
        tests::publish_keys(dns);
        const auto time = cpu_time_of([&] {
            (void)tests::verify_text(signature + signature + header + kHeader + kBody, dns, kNow);
        });
        EXPECT_LT(time, kSoon);
    }
    tests::FakeResolver dns;
    const std::string one = "From: " + std::string(kSize, ' ') + "a@example.org\r\n";
    EXPECT_LT(cpu_time_of([&] { (void)tests::verify_text(signature + one + "\r\n", dns, kNow); }),
              kSoon);
}

TEST(DkimBounds, SizeOfASignatureAtItsEdge) {
    arc::IntakeLimits limits;
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    limits.dkim.max_signature_size = first_field(message).size();
    EXPECT_EQ(tests::verify_text(message, dns, kNow, limits).dkim[0].result, DkimResult::Pass);
    --limits.dkim.max_signature_size;
    EXPECT_EQ(tests::verify_text(message, dns, kNow, limits).dkim[0].result, DkimResult::PermError);
}

TEST(DkimBounds, SignaturesFullOfTagsAndNames) {
    std::string many = kTags;
    for (int i = 0; i < 10'000; ++i) many += "; t" + std::to_string(i) + "=";
    const std::string names =
        replaced(kTags, "h=from", "h=from" + replaced(std::string(30'000, 'x'), "x", ":x"));
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    for (const std::string& tags : {many, names}) {
        const std::string message = signed_with(tests::rsa_key(), tags, kHeader, kBody);
        EXPECT_LT(cpu_time_of([&] { (void)tests::verify_text(message, dns, kNow); }), kSoon);
    }
}

TEST(DkimBounds, KeyRecordsOfSixtyFourKilobytes) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    const std::string good = tests::rsa_key().record();
    const std::size_t limit = VerifyLimits{}.max_key_size;
    struct Case {
        const char* title;
        std::string record;
        DkimResult result;
    };
    const std::string note = "; n=" + std::string(limit - good.size() - 4, 'x');
    const Case cases[] = {
        {"a long note", good + note, DkimResult::Pass},
        {"one byte more", good + note + "x", DkimResult::PermError},
        {"a long key", "v=DKIM1; p=" + std::string(65'000, 'A'), DkimResult::PermError},
        {"many tags", replaced(std::string(16'000, 'x'), "x", "a=1;"), DkimResult::PermError},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        tests::FakeResolver dns;
        dns.txt("s._domainkey.example.org", {c.record});
        Dkim result;
        EXPECT_LT(cpu_time_of([&] { result = tests::verify_text(message, dns, kNow).dkim.at(0); }),
                  kSoon);
        EXPECT_EQ(result.result, c.result) << result.detail;
    }
}

TEST(DkimBounds, HeaderThatNobodyKeptIsNeverPass) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    arc::SignedMessage taken({}, kNow);
    taken.header(std::string_view(message).substr(0, message.size() - kBody.size() - 2));
    taken.body(std::string_view(message).substr(message.size() - kBody.size() - 2));
    taken.end();
    dns::Inquiry inquiry(dns, {});
    ASSERT_EQ(taken.dkim(inquiry).size(), 1U);
    EXPECT_EQ(taken.dkim(inquiry)[0].result, DkimResult::PermError);
}

TEST(DkimBounds, FilesWithTooMuchHeaderAreRefused) {
    tests::FakeResolver dns;
    arc::IntakeLimits limits;
    limits.max_header = 100;
    for (const std::size_t size : {100U, 101U}) {
        arc::SignedMessage message(limits, kNow);
        const std::string text = "A: " + std::string(size - 7, 'x') + "\r\n\r\nbody";
        const auto fed = feed_text(message, text, arc::LineEnds::AsOnTheWire);
        EXPECT_EQ(static_cast<bool>(fed), size == 100U);
    }
}

}  // namespace
}  // namespace postern::auth::dkim
