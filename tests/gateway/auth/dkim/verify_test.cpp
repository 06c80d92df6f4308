#include "gateway/auth/dkim/verify.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"

namespace postern::auth::dkim {
namespace {

using tests::kNow;
using tests::replaced;
using tests::signed_with;

const std::string kHeader =
    "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n\r\n";
const std::string kBody = "Hello, world.\r\nMore  of it. \r\n";
const std::string kTags =
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; t=1799999999; h=from:to:subject; "
    "bh=BH";

std::vector<Dkim> verify(const std::string& message, tests::FakeResolver& dns,
                         const VerifyLimits& limits = {}) {
    arc::IntakeLimits intake;
    intake.dkim = limits;
    return tests::verify_text(message, dns, kNow, intake).dkim;
}

Dkim verify_one(const std::string& message, const VerifyLimits& limits = {}) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    const auto results = verify(message, dns, limits);
    return results.empty() ? Dkim{} : results.front();
}

TEST(DkimVerify, NamesResultsByTheTags) {
    struct Case {
        const char* title;
        const char* what;
        const char* by;
        DkimResult result;
    };
    constexpr auto kPass = DkimResult::Pass;
    constexpr auto kBad = DkimResult::PermError;
    const Case cases[] = {
        {"as it is", "", "", kPass},
        {"no version", "v=1; ", "", kBad},
        {"other version", "v=1", "v=2", kBad},
        {"version with a zero", "v=1", "v=01", kBad},
        {"rsa-sha1", "rsa-sha256", "rsa-sha1", kBad},
        {"unknown algorithm", "rsa-sha256", "rsa-sha512", kBad},
        {"algorithm in capitals", "rsa-sha256", "RSA-SHA256", kBad},
        {"key of another type", "a=rsa-sha256", "a=ed25519-sha256", kBad},
        {"no algorithm", "a=rsa-sha256; ", "", kBad},
        {"simple, one word", "c=relaxed/relaxed", "c=simple", kPass},
        {"relaxed, one word", "c=relaxed/relaxed", "c=relaxed", kPass},
        {"no canonicalization", "c=relaxed/relaxed; ", "", kPass},
        {"unknown canonicalization", "c=relaxed/relaxed", "c=nowsp", kBad},
        {"three words", "c=relaxed/relaxed", "c=relaxed/relaxed/relaxed", kBad},
        {"empty half", "c=relaxed/relaxed", "c=relaxed/", kBad},
        {"no domain", "d=example.org; ", "", kBad},
        {"domain in capitals", "d=example.org", "d=EXAMPLE.org", kPass},
        {"domain with a final dot", "d=example.org", "d=example.org.", kBad},
        {"domain with two dots", "d=example.org", "d=example..org", kBad},
        {"domain of one label", "d=example.org", "d=org", kBad},
        {"domain with a blank", "d=example.org", "d=example. org", kBad},
        {"domain with NUL's escape", "d=example.org", "d=example.org=00.evil", kBad},
        {"no selector", "s=s; ", "", kBad},
        {"empty selector", "s=s", "s=", kBad},
        {"selector without a key", "s=s", "s=none", kBad},
        {"selector with a slash", "s=s", "s=s/../x", kBad},
        {"no h", "h=from:to:subject; ", "", kBad},
        {"From is not signed", "h=from:to", "h=to", kBad},
        {"h in capitals and blanks", "h=from:to", "h=FROM :\r\n\tTo", kPass},
        {"h with fields that are not there", "h=from", "h=from:x-none:x-none:from", kPass},
        {"h with an empty name", "h=from:to", "h=from::to", kPass},
        {"method that we know", "s=s", "s=s; q=dns/txt", kPass},
        {"methods, one of which we know", "s=s", "s=s; q=dns/new:dns/txt", kPass},
        {"method that we do not know", "s=s", "s=s; q=dns", kBad},
        {"identity", "s=s", "s=s; i=joe@example.org", kPass},
        {"identity without a local part", "s=s", "s=s; i=@example.org", kPass},
        {"identity below", "s=s", "s=s; i=@mail.EXAMPLE.org", kPass},
        {"identity encoded", "s=s", "s=s; i=jo=65=40example.org", kPass},
        {"identity elsewhere", "s=s", "s=s; i=@example.net", kBad},
        {"identity that ends alike", "s=s", "s=s; i=@badexample.org", kBad},
        {"identity above", "d=example.org; s=s", "d=sub.example.org; s=s; i=@example.org", kBad},
        {"identity without @", "s=s", "s=s; i=example.org", kBad},
        {"time in the future", "t=1799999999", "t=1900000000", kBad},
        {"time within the allowed skew", "t=1799999999", "t=1800036000", kPass},
        {"time beyond it", "t=1799999999", "t=1800036001", kBad},
        {"time that is none", "t=1799999999", "t=soon", kBad},
        {"time with too many digits", "t=1799999999", "t=1799999999000", kBad},
        {"no time", "t=1799999999; ", "", kPass},
        {"expires now", "s=s", "s=s; x=1800000000", kPass},
        {"has expired", "t=1799999999", "t=1; x=1799999998", kBad},
        {"expires before it was made", "s=s", "s=s; x=1799999999", kBad},
        {"expiry that is none", "s=s", "s=s; x=-1", kBad},
        {"length of all", "s=s", "s=s; l=28", kPass},
        {"length of less", "s=s", "s=s; l=15", kPass},
        {"length of nothing", "s=s", "s=s; l=0", kPass},
        {"length of more", "s=s", "s=s; l=29", kBad},
        {"length beyond all numbers", "s=s", "s=s; l=99999999999999999999999999999999", kBad},
        {"length that is none", "s=s", "s=s; l=-1", kBad},
        {"copied fields", "s=s", "s=s; z=From:a=40example.org|Subject:x", kPass},
        {"copied fields that are none", "s=s", "s=s; z=From", kBad},
        {"unknown tags", "s=s", "s=s; xyz=abc; n_1=?", kPass},
        {"a tag twice", "s=s", "s=s; s=s", kBad},
        {"two semicolons", "s=s;", "s=s;;", kBad},
        {"no tag at all", "s=s;", "s=s; nonsense;", kBad},
        {"body hash of another length", "bh=BH", "bh=QUJD", kBad},
        {"body hash that is none", "bh=BH", "bh=*", kBad},
        {"no body hash", "; bh=BH", "", kBad},
        {"body hash of another body", "bh=BH",
         "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", DkimResult::Fail},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const std::string tags = *c.what == '\0' ? kTags : replaced(kTags, c.what, c.by);
        ASSERT_TRUE(*c.what == '\0' || tags != kTags) << "the row changes nothing";
        const Dkim result = verify_one(signed_with(tests::rsa_key(), tags, kHeader, kBody));
        EXPECT_EQ(result.result, c.result) << word(result.result) << ": " << result.detail;
    }
}

TEST(DkimVerify, TellsWhoSigned) {
    const Dkim result = verify_one(signed_with(
        tests::rsa_key(), replaced(kTags, "s=s", "s=s; i=Joe@mail.example.org"), kHeader, kBody));
    EXPECT_EQ(result.domain, "example.org");
    EXPECT_EQ(result.selector, "s");
    EXPECT_EQ(result.identity, "Joe@mail.example.org");
    EXPECT_EQ(result.algorithm, "rsa-sha256");
    EXPECT_EQ(result.signature.size(), 8U);
    EXPECT_EQ(result.key_bits, 2048U);
    EXPECT_FALSE(result.testing);
    EXPECT_FALSE(result.body_length);
}

TEST(DkimVerify, NamesResultsByTheKey) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    const std::string good = tests::rsa_key().record();
    struct Case {
        const char* title;
        std::vector<std::string> texts;
        DkimResult result;
    };
    const Case cases[] = {
        {"the key", {good}, DkimResult::Pass},
        {"revoked", {"v=DKIM1; p="}, DkimResult::PermError},
        {"not for mail", {replaced(good, "k=rsa", "k=rsa; s=other")}, DkimResult::PermError},
        {"other hash", {replaced(good, "k=rsa", "k=rsa; h=sha1")}, DkimResult::PermError},
        {"our hash", {replaced(good, "k=rsa", "k=rsa; h=sha256")}, DkimResult::Pass},
        {"other type", {tests::ed25519_key().record()}, DkimResult::PermError},
        {"malformed", {"v=DKIM1; p=QUJD"}, DkimResult::PermError},
        {"another key",
         {auth::dkim::PrivateKey::generate(KeyType::Rsa, 2048)->record()},
         DkimResult::Fail},
        {"other records first", {"v=spf1 -all", "hello", good}, DkimResult::Pass},
        {"revoked and good", {"v=DKIM1; p=", good}, DkimResult::Pass},
        {"behind the limit of records", {"a", "b", "c", "d", "e", good}, DkimResult::PermError},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        tests::FakeResolver dns;
        dns.txt("s._domainkey.example.org", c.texts);
        const auto results = verify(message, dns);
        ASSERT_EQ(results.size(), 1U);
        EXPECT_EQ(results[0].result, c.result) << results[0].detail;
    }
}

TEST(DkimVerify, FlagsOfTheKey) {
    const std::string good = tests::rsa_key().record();
    tests::FakeResolver dns;
    dns.txt("s._domainkey.example.org", {replaced(good, "k=rsa", "k=rsa; t=y:s")});
    const auto same = verify(signed_with(tests::rsa_key(), kTags, kHeader, kBody), dns);
    EXPECT_EQ(same[0].result, DkimResult::Pass);
    EXPECT_TRUE(same[0].testing);
    const std::string below = replaced(kTags, "s=s", "s=s; i=@mail.example.org");
    const auto other = verify(signed_with(tests::rsa_key(), below, kHeader, kBody), dns);
    EXPECT_EQ(other[0].result, DkimResult::PermError) << "t=s";
}

TEST(DkimVerify, DnsFailuresAreTemporaryAndNeverPass) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    for (const auto status : {dns::Status::Failed, dns::Status::Late}) {
        tests::FakeResolver dns;
        dns.fails("s._domainkey.example.org", dns::RecordType::Txt, status);
        EXPECT_EQ(verify(message, dns)[0].result, DkimResult::TempError);
    }
    for (const auto status : {dns::Status::NoData, dns::Status::NoName}) {
        tests::FakeResolver dns;
        dns.fails("s._domainkey.example.org", dns::RecordType::Txt, status);
        EXPECT_EQ(verify(message, dns)[0].result, DkimResult::PermError);
    }
    tests::FakeResolver dns;
    dns.fails("s._domainkey.example.org", dns::RecordType::Txt, dns::Status::OverBudget);
    EXPECT_EQ(verify(message, dns)[0].result, DkimResult::Policy);
}

std::string public_rsa(unsigned bits) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}), &EVP_PKEY_free);
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    const std::string bytes(static_cast<const char*>(static_cast<const void*>(der)),
                            static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return "v=DKIM1; p=" + encode(bytes);
}

TEST(DkimVerify, WeakKeysNeverPass) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    tests::FakeResolver dns;
    dns.txt("s._domainkey.example.org", {public_rsa(768)});
    const auto weak = verify(message, dns);
    EXPECT_EQ(weak[0].result, DkimResult::Fail);
    EXPECT_EQ(weak[0].key_bits, 768U);
    EXPECT_NE(weak[0].detail.find("RFC 8301"), std::string::npos);
    tests::FakeResolver good;
    tests::publish_keys(good);
    VerifyLimits limits;
    limits.min_rsa_bits = 2048;
    EXPECT_EQ(verify(message, good, limits)[0].result, DkimResult::Pass);
    limits.min_rsa_bits = 2049;
    EXPECT_EQ(verify(message, good, limits)[0].result, DkimResult::Fail);
}

TEST(DkimVerify, ThousandBitKeysPassAndAreCalledWeak) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> made(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}), &EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> stream(BIO_new(BIO_s_mem()), &BIO_free_all);
    ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(stream.get(), made.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr),
              1);
    std::string pem(8192, '\0');
    const int got = BIO_read(stream.get(), pem.data(), static_cast<int>(pem.size()));
    pem.resize(static_cast<std::size_t>(got));
    const auto key = PrivateKey::parse(pem);
    ASSERT_TRUE(key);
    tests::FakeResolver dns;
    dns.txt("s._domainkey.example.org", {key->record()});
    const auto results = verify(signed_with(*key, kTags, kHeader, kBody), dns);
    EXPECT_EQ(results[0].result, DkimResult::Pass);
    EXPECT_EQ(results[0].key_bits, 1024U);
    EXPECT_NE(results[0].detail.find("weak"), std::string::npos);
}

TEST(DkimVerify, MessageWithoutFromIsNeverPass) {
    const std::string header = "To: b@example.net\r\nSubject: hello\r\n\r\n";
    EXPECT_EQ(verify_one(signed_with(tests::rsa_key(), kTags, header, kBody)).result,
              DkimResult::PermError);
}

TEST(DkimVerify, PartialBodyCountsOnlyWhereItIsAllowed) {
    const std::string message =
        signed_with(tests::rsa_key(), replaced(kTags, "s=s", "s=s; l=5"), kHeader, kBody);
    for (const bool accepted : {false, true}) {
        VerifyLimits limits;
        limits.accept_partial_body = accepted;
        const Dkim result = verify_one(message, limits);
        EXPECT_EQ(result.result, DkimResult::Pass) << result.detail;
        EXPECT_EQ(result.body_length, 5U);
        EXPECT_FALSE(result.left_out.empty());
        EXPECT_EQ(result.counts, accepted);
    }
}

TEST(DkimVerify, HashNeedsNoLookupWhenTheBodyDiffers) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    const auto results =
        verify(signed_with(tests::rsa_key(), kTags, kHeader, kBody) + "more\r\n", dns);
    EXPECT_EQ(results[0].result, DkimResult::Fail);
    EXPECT_TRUE(dns.asked().empty());
}

TEST(DkimVerify, LineEndsOfFilesAreRead) {
    const std::string message = signed_with(tests::rsa_key(), kTags, kHeader, kBody);
    EXPECT_EQ(verify_one(replaced(message, "\r\n", "\n")).result, DkimResult::Pass);
}

}  // namespace
}  // namespace postern::auth::dkim
