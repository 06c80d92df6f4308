#include "gateway/auth/dkim/sign.hpp"

#include <gtest/gtest.h>

#include <string>

#include "gateway/auth/dkim/signer.hpp"
#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"

namespace postern::auth::dkim {
namespace {

using tests::kNow;

const std::string kMessage =
    "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello \r\n  folded\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello,  world. \r\n\r\n";

PrivateKey copy_of(const PrivateKey& key) {
    return PrivateKey::parse(key.pem()).value();
}

Signer both_keys(SigningRules rules) {
    std::vector<SigningKey> keys;
    keys.push_back({"example.org", "s", copy_of(tests::rsa_key())});
    keys.push_back({"example.org", "e", copy_of(tests::ed25519_key())});
    return {std::move(keys), std::move(rules)};
}

std::vector<Dkim> verify(const std::string& message, std::uint64_t now = kNow) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    return tests::verify_text(message, dns, now).dkim;
}

TEST(DkimSign, WhatWeSignVerifiesInEveryForm) {
    for (const auto header : {Canonicalization::Simple, Canonicalization::Relaxed}) {
        for (const auto body : {Canonicalization::Simple, Canonicalization::Relaxed}) {
            SigningRules rules;
            rules.header = header;
            rules.body = body;
            const auto made = both_keys(rules).sign_message(kMessage, "example.org", kNow);
            const auto results = verify(made);
            ASSERT_EQ(results.size(), 2U);
            for (const Dkim& each : results)
                EXPECT_EQ(each.result, DkimResult::Pass) << each.detail;
            EXPECT_EQ(results[0].algorithm, "rsa-sha256");
            EXPECT_EQ(results[1].algorithm, "ed25519-sha256");
        }
    }
}

TEST(DkimSign, LinesStayShort) {
    const auto made = both_keys({}).sign_message(kMessage, "example.org", kNow);
    const auto field = made.substr(0, made.find("From: "));
    for (std::size_t at = 0; at < field.size();) {
        const std::size_t end = field.find("\r\n", at);
        EXPECT_LE(end - at, 80U);
        at = end + 2;
    }
}

TEST(DkimSign, OneMoreOfAnImportantFieldBreaksIt) {
    const auto made = both_keys({}).sign_message(kMessage, "example.org", kNow);
    for (const char* added :
         {"From: x@evil.example", "Subject: other", "Reply-To: x@evil.example",
          "Cc: x@evil.example", "Sender: x@evil.example", "Content-Type: text/html", "Date: now"}) {
        for (const auto& result : verify(std::string(added) + "\r\n" + made)) {
            EXPECT_NE(result.result, DkimResult::Pass) << added;
        }
    }
    EXPECT_EQ(verify("Received: by somebody\r\n" + made)[0].result, DkimResult::Pass);
}

TEST(DkimSign, ExpiresWhenItWasTold) {
    SigningRules rules;
    rules.lifetime = std::chrono::seconds(100);
    const auto made = both_keys(rules).sign_message(kMessage, "example.org", kNow);
    EXPECT_EQ(verify(made, kNow + 100)[0].result, DkimResult::Pass);
    EXPECT_EQ(verify(made, kNow + 101)[0].result, DkimResult::PermError);
}

TEST(DkimSign, SignsOnlyForItsDomainAndWhatIsBelow) {
    const Signer signer = both_keys({});
    EXPECT_TRUE(signer.signs_for("example.org"));
    EXPECT_TRUE(signer.signs_for("mail.EXAMPLE.org"));
    EXPECT_FALSE(signer.signs_for("badexample.org"));
    EXPECT_FALSE(signer.signs_for("org"));
    EXPECT_EQ(signer.sign_message(kMessage, "example.net", kNow), kMessage);
}

TEST(DkimSign, TheClosestDomainSigns) {
    std::vector<SigningKey> keys;
    keys.push_back({"example.org", "s", copy_of(tests::rsa_key())});
    keys.push_back({"sub.example.org", "e", copy_of(tests::ed25519_key())});
    const Signer signer(std::move(keys), {});
    const auto made = signer.sign_message(kMessage, "a.sub.example.org", kNow);
    EXPECT_NE(made.find("d=sub.example.org"), std::string::npos);
    EXPECT_EQ(made.find("d=example.org"), std::string::npos);
}

TEST(DkimSign, DoesNotSignWithoutFrom) {
    const std::string message = "Subject: x\r\n\r\nbody\r\n";
    EXPECT_EQ(both_keys({}).sign_message(message, "example.org", kNow), message);
    const mail::HeaderBlock header(kMessage);
    SignatureTerms terms;
    terms.domain = "example.org";
    terms.selector = "s";
    terms.fields = {"Subject"};
    EXPECT_FALSE(sign(header, {}, tests::rsa_key(), terms));
}

}  // namespace
}  // namespace postern::auth::dkim
