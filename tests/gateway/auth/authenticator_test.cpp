#include "gateway/auth/authenticator.hpp"

#include <gtest/gtest.h>

#include "gateway/auth/arc/seal.hpp"
#include "gateway/auth/arc_override.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"
#include "gateway/auth/dkim/sign.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth {
namespace {

using tests::FakeResolver;

constexpr std::int64_t kNow = 1'780'000'000;
const std::string kHeader = "From: Joe <joe@b.org>\r\nTo: list@lists.org\r\nSubject: x\r\n\r\n";
const std::string kBody = "Hello\r\n";

const dkim::PrivateKey& key() {
    static const auto made = dkim::PrivateKey::generate(dkim::KeyType::Ed25519, 0);
    return made.value();
}

Sender sender(const std::string& from) {
    return {mail::IpAddress::parse("192.0.2.1").value(), "mx.lists.org", from, kNow};
}

/// b.org asks for rejection and allows 192.0.2.7; every domain has the one key at "s".
void fill(FakeResolver& resolver) {
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=reject"});
    resolver.txt("b.org", {"v=spf1 ip4:192.0.2.7 -all"});
    resolver.txt("lists.org", {"v=spf1 ip4:192.0.2.1 -all"});
    resolver.txt("mx.lists.org", {"v=spf1 a -all"});
    resolver.a("mx.lists.org", {"192.0.2.1"});
    resolver.ptr("1.2.0.192.in-addr.arpa", {"mx.lists.org"});
    for (const char* domain : {"b.org", "lists.org", "stranger.org"}) {
        resolver.txt("s._domainkey." + std::string(domain), {key().record()});
    }
}

Results authenticated(const std::string& message, const std::string& from,
                      const AuthenticatorSettings& settings = {}) {
    FakeResolver resolver;
    fill(resolver);
    dns::Inquiry inquiry(resolver, {});
    const Authenticator authenticator(settings);
    Results results;
    results.iprev = authenticator.reverse(sender(from), inquiry);
    authenticator.envelope(sender(from), inquiry, results);
    arc::SignedMessage taken = authenticator.intake(kNow);
    EXPECT_TRUE(feed_text(taken, message, arc::LineEnds::AsOnTheWire).has_value());
    authenticator.message(taken, inquiry, results);
    return results;
}

std::string sealed_by(const std::string& domain, const std::string& message,
                      const std::string& recorded) {
    FakeResolver resolver;
    fill(resolver);
    dns::Inquiry inquiry(resolver, {});
    arc::SignedMessage taken({}, static_cast<std::uint64_t>(kNow));
    EXPECT_TRUE(feed_text(taken, message, arc::LineEnds::AsOnTheWire).has_value());
    const auto fields = arc::seal(taken.block(), taken.arc(inquiry), dkim::sha256(kBody), key(),
                                  recorded, {domain, "s", static_cast<std::uint64_t>(kNow), {}});
    return fields.value_or("") + message;
}

TEST(Authenticator, TellsAllThereIsToTell) {
    const mail::HeaderBlock header(kHeader);
    dkim::SignatureTerms terms;
    terms.domain = "b.org";
    terms.selector = "s";
    terms.time = static_cast<std::uint64_t>(kNow);
    const auto field = dkim::sign(header, dkim::sha256(kBody), key(), terms);
    ASSERT_TRUE(field.has_value());
    const Results results = authenticated(*field + kHeader + kBody, "owner@lists.org");
    EXPECT_EQ(results.iprev->result, IprevResult::Pass);
    EXPECT_EQ(results.spf->result, SpfResult::Pass);
    EXPECT_EQ(results.spf_helo->result, SpfResult::Pass);
    ASSERT_EQ(results.dkim.size(), 1U);
    EXPECT_EQ(results.dkim[0].result, DkimResult::Pass) << results.dkim[0].detail;
    EXPECT_EQ(results.arc->result, ArcResult::None);
    EXPECT_EQ(results.dmarc->result, DmarcResult::Pass);
    EXPECT_TRUE(results.dmarc->dkim_aligned);
    EXPECT_FALSE(results.dmarc->spf_aligned);
}

TEST(Authenticator, APassOfSomebodyElseIsNoneOfTheAuthor) {
    const Results results = authenticated(kHeader + kBody, "owner@lists.org");
    EXPECT_EQ(results.spf->result, SpfResult::Pass);
    EXPECT_EQ(results.dmarc->result, DmarcResult::Fail);
    EXPECT_EQ(results.dmarc->disposition, DmarcPolicy::Reject);
}

TEST(Authenticator, WithoutAClientThereIsNoSpf) {
    FakeResolver resolver;
    dns::Inquiry inquiry(resolver, {});
    const Authenticator authenticator({});
    Results results;
    authenticator.envelope({std::nullopt, "a.org", "b@c.org", kNow}, inquiry, results);
    ASSERT_TRUE(results.spf.has_value());
    EXPECT_EQ(results.spf->result, SpfResult::None);
    EXPECT_EQ(results.spf->detail, "not checked: the client's address is unknown");
    EXPECT_TRUE(resolver.asked().empty());
}

struct OverrideCase {
    const char* title;
    std::vector<std::string> sealers;  ///< oldest first
    const char* recorded;              ///< by the oldest
    std::vector<std::string> trusted;
    bool overridden;
};

const OverrideCase kOverrides[] = {
    {"a trusted sealer that saw a pass",
     {"lists.org"},
     "lists.org; dmarc=pass",
     {"lists.org"},
     true},
    {"nobody is trusted", {"lists.org"}, "lists.org; dmarc=pass", {}, false},
    {"somebody else is trusted", {"lists.org"}, "lists.org; dmarc=pass", {"other.org"}, false},
    {"it saw a failure", {"lists.org"}, "lists.org; dmarc=fail", {"lists.org"}, false},
    {"a pass in a comment",
     {"lists.org"},
     "lists.org; spf=none (x; dmarc=pass)",
     {"lists.org"},
     false},
    {"a pass in a quotation",
     {"lists.org"},
     "lists.org; spf=none smtp.helo=\"; dmarc=pass\"",
     {"lists.org"},
     false},
    {"a stranger first",
     {"stranger.org", "lists.org"},
     "stranger.org; dmarc=pass",
     {"lists.org"},
     false},
    {"two trusted ones", {"b.org", "lists.org"}, "b.org; dmarc=pass", {"lists.org", "b.org"}, true},
};

TEST(Authenticator, OnlyAChainOfTrustedSealersOverridesAFailure) {
    for (const OverrideCase& c : kOverrides) {
        SCOPED_TRACE(c.title);
        std::string message = kHeader + kBody;
        std::string recorded = c.recorded;
        for (const std::string& sealer : c.sealers) {
            message = sealed_by(sealer, message, recorded);
            recorded = sealer + "; arc=pass";
        }
        AuthenticatorSettings settings;
        settings.trusted_sealers = c.trusted;
        const Results results = authenticated(message, "owner@lists.org", settings);
        EXPECT_EQ(results.arc->result, ArcResult::Pass) << results.arc->detail;
        EXPECT_EQ(results.dmarc->result, DmarcResult::Fail);
        EXPECT_EQ(results.dmarc->overridden, c.overridden);
        EXPECT_EQ(results.dmarc->disposition,
                  c.overridden ? DmarcPolicy::None : DmarcPolicy::Reject);
    }
}

TEST(Authenticator, ABrokenChainOverridesNothing) {
    std::string message = sealed_by("lists.org", kHeader + kBody, "lists.org; dmarc=pass");
    message += "more\r\n";
    AuthenticatorSettings settings;
    settings.trusted_sealers = {"lists.org"};
    const Results results = authenticated(message, "owner@lists.org", settings);
    EXPECT_EQ(results.arc->result, ArcResult::Fail);
    EXPECT_EQ(results.dmarc->disposition, DmarcPolicy::Reject);
}

}  // namespace
}  // namespace postern::auth
