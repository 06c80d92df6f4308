/// @file Chains of our own making: sealed hop by hop, then broken in every way that matters.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "gateway/auth/arc/arc_set.hpp"
#include "gateway/auth/arc/seal.hpp"
#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"

namespace postern::auth::arc {
namespace {

using tests::kNow;
using tests::replaced;

const std::string kMessage =
    "From: A <a@example.org>\r\nTo: list@example.net\r\nSubject: hello\r\n\r\nHello, world.\r\n";

class ArcChainTest : public ::testing::Test {
protected:
    ArcChainTest() {
        for (const char* domain : {"one.example", "two.example", "three.example"}) {
            tests::publish_keys(dns_, domain);
        }
    }

    Arc verify(const std::string& message) {
        return tests::verify_text(message, dns_, kNow, {}, LineEnds::AsOnTheWire).arc;
    }

    std::optional<std::string> try_seal(const std::string& message, const std::string& domain,
                                        const dkim::PrivateKey& key = tests::rsa_key(),
                                        const std::optional<Arc>& verified = std::nullopt) {
        IntakeLimits limits;
        limits.more = {{dkim::Canonicalization::Relaxed, std::nullopt}};
        SignedMessage taken(limits, kNow);
        EXPECT_TRUE(feed_text(taken, message, LineEnds::AsOnTheWire));
        dns::Inquiry inquiry(dns_, {});
        SealTerms terms;
        terms.domain = domain;
        terms.selector = &key == &tests::rsa_key() ? "s" : "e";
        terms.time = kNow;
        const auto body = taken.bodies().find(limits.more[0]);
        return arc::seal(taken.block(), verified ? *verified : taken.arc(inquiry), body->digest,
                         key, "mx." + domain + "; arc=none; spf=pass smtp.mailfrom=example.org",
                         terms);
    }
    std::string sealed(const std::string& message, const std::string& domain,
                       const dkim::PrivateKey& key = tests::rsa_key()) {
        return try_seal(message, domain, key).value() + message;
    }

    tests::FakeResolver dns_;
};

TEST_F(ArcChainTest, NoneWithoutAChain) {
    EXPECT_EQ(verify(kMessage).result, ArcResult::None);
}

TEST_F(ArcChainTest, HopByHop) {
    std::string message = sealed(kMessage, "one.example");
    message = sealed(message, "two.example", tests::ed25519_key());
    message = sealed(message, "three.example");
    const Arc result = verify(message);
    EXPECT_EQ(result.result, ArcResult::Pass) << result.detail;
    EXPECT_EQ(result.instances, 3U);
    EXPECT_EQ(result.sealer, "three.example");
    EXPECT_EQ(result.sealers,
              (std::vector<std::string>{"one.example", "two.example", "three.example"}));
    EXPECT_EQ(result.oldest_pass, 0U) << "nobody changed the message";
}

TEST_F(ArcChainTest, TellsWhichHopChangedTheMessage) {
    const std::string before = sealed(kMessage, "one.example");
    // A list verifies what came, then changes it, then seals.
    const Arc verified = verify(before);
    std::string message = replaced(before, "Subject: hello", "Subject: [list] hello");
    message = try_seal(message, "two.example", tests::rsa_key(), verified).value() + message;
    message = sealed(message, "three.example");
    const Arc result = verify(message);
    EXPECT_EQ(result.result, ArcResult::Pass) << result.detail;
    EXPECT_EQ(result.oldest_pass, 2U);
}

TEST_F(ArcChainTest, ChangedAfterTheLastSealIsAFail) {
    const std::string message = sealed(sealed(kMessage, "one.example"), "two.example");
    EXPECT_EQ(verify(replaced(message, "Hello, world", "Hello, World")).result, ArcResult::Fail);
    EXPECT_EQ(verify(replaced(message, "Subject: hello", "Subject: hullo")).result,
              ArcResult::Fail);
    EXPECT_EQ(verify("Subject: more\r\n" + message).result, ArcResult::Fail) << "over-signed";
}

TEST_F(ArcChainTest, OneByteChangedInTheChainIsAFail) {
    const std::string message = sealed(sealed(kMessage, "one.example"), "two.example");
    const std::size_t end = message.find("From: A");
    for (std::size_t at = 0; at < end; ++at) {
        // The last digit before base64's padding has bits that belong to no byte.
        const std::string_view behind = std::string_view(message).substr(at + 1, 2);
        if (behind == "==" || behind == "=;" || behind == "=\r") continue;
        std::string other = message;
        other[at] = static_cast<char>(static_cast<unsigned char>(other[at]) ^ 4U);
        // Blanks in relaxed form, and names of fields in any case: none of these is made by ^ 4.
        const Arc result = verify(other);
        EXPECT_NE(result.result, ArcResult::Pass) << at << ": " << other.substr(at, 20);
    }
}

TEST_F(ArcChainTest, AFailedChainIsSealedOnceAndThenLeftAlone) {
    std::string message = sealed(kMessage, "one.example");
    message = replaced(message, "Hello, world", "Hello, World");
    message = sealed(message, "two.example");
    EXPECT_NE(message.find("cv=fail"), std::string::npos);
    const Arc result = verify(message);
    EXPECT_EQ(result.result, ArcResult::Fail);
    EXPECT_EQ(result.instances, 2U);
    EXPECT_EQ(result.sealer, "two.example");
    EXPECT_FALSE(try_seal(message, "three.example"));
}

TEST_F(ArcChainTest, FiftyInstancesAndNoMore) {
    std::string message = kMessage;
    for (std::uint32_t i = 0; i < kMaxInstances; ++i) message = sealed(message, "one.example");
    const Arc full = verify(message);
    EXPECT_EQ(full.result, ArcResult::Pass) << full.detail;
    EXPECT_EQ(full.instances, kMaxInstances);
    EXPECT_FALSE(try_seal(message, "one.example"));
    const std::string more = "ARC-Authentication-Results: i=51; mx.example; none\r\n" + message;
    EXPECT_EQ(verify(more).result, ArcResult::Fail);
    std::string thousands;
    for (int i = 0; i < 10'000; ++i) thousands += "ARC-Seal: i=1; cv=none\r\n";
    EXPECT_EQ(verify(thousands + message).result, ArcResult::Fail);
}

TEST_F(ArcChainTest, KeysThatCannotBeLookedUpAreTemporaryAndNeverPass) {
    const std::string message = sealed(kMessage, "one.example");
    dns_.fails("s._domainkey.one.example", dns::RecordType::Txt);
    const Arc result = verify(message);
    EXPECT_EQ(result.result, ArcResult::Fail);
    EXPECT_TRUE(result.temporary);
    dns_.fails("s._domainkey.one.example", dns::RecordType::Txt, dns::Status::NoName);
    EXPECT_FALSE(verify(message).temporary);
}

TEST_F(ArcChainTest, StructureIsChecked) {
    const std::string one = sealed(kMessage, "one.example");
    const std::string two = sealed(one, "two.example");
    const std::string set = one.substr(0, one.find("From: A"));
    struct Case {
        const char* title;
        std::string message;
    };
    const Case cases[] = {
        {"a set twice", set + one},
        {"first set missing", two.substr(0, two.size() - one.size()) + kMessage},
        {"results missing", replaced(one, "ARC-Authentication-Results", "X-Results")},
        {"message signature missing", replaced(one, "ARC-Message-Signature", "X-Signature")},
        {"seal missing", replaced(one, "ARC-Seal", "X-Seal")},
        {"first says pass", replaced(one, "cv=none", "cv=pass")},
        {"second says none", replaced(two, "cv=pass", "cv=none")},
        {"status in capitals", replaced(one, "cv=none", "cv=None")},
        {"instance 0", replaced(one, "i=1;", "i=0;")},
        {"instance 51", replaced(one, "i=1;", "i=51;")},
        {"instance 1 written as 001", replaced(one, "i=1;", "i=001;")},
        {"seal with h=", replaced(one, "cv=none", "h=from; cv=none")},
        {"seal of sha1", replaced(one, "ARC-Seal: a=rsa-sha256", "ARC-Seal: a=rsa-sha1")},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_NE(verify(c.message).result, ArcResult::Pass);
        EXPECT_NE(verify(c.message).result, ArcResult::None);
    }
}

TEST(RecordedResults, AreRead) {
    struct Case {
        const char* title;
        const char* text;
        std::uint32_t instance;
        const char* authserv_id;
    };
    const Case cases[] = {
        {"plain", " i=1; mx.example.org; spf=pass", 1, "mx.example.org"},
        {"no results", "i=50; mx.example.org; none", 50, "mx.example.org"},
        {"version", "i=2; mx.example.org 1; none", 2, "mx.example.org"},
        {"comments", "(a (b)) i (c) = (d) 3 (e) ; (f) mx.example.org (g); none", 3,
         "mx.example.org"},
        {"quoted", "i=1; \"mx example\"; none", 1, "mx example"},
        {"id alone", "i=1; mx.example.org", 1, "mx.example.org"},
        {"no instance", "mx.example.org; none", 0, ""},
        {"instance behind", "mx.example.org; i=1", 0, ""},
        {"no semicolon", "i=1 mx.example.org; none", 0, ""},
        {"zero", "i=0; mx.example.org", 0, ""},
        {"fifty-one", "i=51; mx.example.org", 0, ""},
        {"not a number", "i=x; mx.example.org", 0, ""},
        {"no id", "i=1; ; none", 0, ""},
        {"nothing behind", "i=1;", 0, ""},
        {"comment without end", "i=1; (mx.example.org", 0, ""},
        {"comment that ends in a backslash", "i=1; (mx\\", 0, ""},
        {"capital", "I=1; mx.example.org", 0, ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const auto recorded = parse_recorded_results(c.text);
        EXPECT_EQ(recorded ? recorded->instance : 0, c.instance);
        EXPECT_EQ(recorded ? recorded->authserv_id : "", c.authserv_id);
    }
}

}  // namespace
}  // namespace postern::auth::arc
