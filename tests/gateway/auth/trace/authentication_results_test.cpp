#include "gateway/auth/trace/authentication_results.hpp"

#include <gtest/gtest.h>

#include "gateway/auth/trace/property_values.hpp"

namespace postern::auth::trace {
namespace {

const FieldFacts kFacts{"mx.example.org", "192.0.2.1", "mail.b.org", "joe@b.org"};

Results full() {
    Results results;
    results.iprev = Iprev{IprevResult::Pass, "mail.b.org", ""};
    results.spf.emplace();
    results.spf->result = SpfResult::Pass;
    results.spf->domain = "b.org";
    results.spf_helo.emplace();
    results.spf_helo->result = SpfResult::None;
    results.spf_helo->identity = Spf::Identity::Helo;
    results.spf_helo->domain = "mail.b.org";
    Dkim dkim;
    dkim.result = DkimResult::Pass;
    dkim.domain = "b.org";
    dkim.selector = "s1";
    dkim.identity = "@b.org";
    dkim.algorithm = "rsa-sha256";
    dkim.signature = "aB+/c0=1";
    dkim.key_bits = 2048;
    results.dkim.push_back(dkim);
    results.arc.emplace();
    results.arc->result = ArcResult::Pass;
    results.arc->instances = 2;
    results.arc->sealer = "lists.org";
    results.dmarc.emplace();
    results.dmarc->result = DmarcResult::Pass;
    results.dmarc->domain = "b.org";
    results.dmarc->policy = DmarcPolicy::Reject;
    return results;
}

TEST(AuthenticationResults, EveryMethod) {
    EXPECT_EQ(authentication_results(full(), kFacts),
              "Authentication-Results: mx.example.org;\r\n"
              "\tiprev=pass policy.iprev=192.0.2.1 (mail.b.org);\r\n"
              "\tspf=pass smtp.mailfrom=joe@b.org;\r\n"
              "\tspf=none smtp.helo=mail.b.org;\r\n"
              "\tdkim=pass (2048-bit key) header.d=b.org header.s=s1\r\n"
              "\theader.a=rsa-sha256 header.i=\"@b.org\" header.b=\"aB+/c0=1\";\r\n"
              "\tarc=pass (i=2 lists.org) smtp.remote-ip=192.0.2.1 header.oldest-pass=0;\r\n"
              "\tdmarc=pass header.from=b.org policy.dmarc=reject\r\n");
}

TEST(AuthenticationResults, APassThatDoesNotCountIsPolicy) {
    Results results = full();
    results.dkim[0].counts = false;
    const std::string field = authentication_results(results, kFacts);
    EXPECT_NE(field.find("dkim=policy (2048-bit key) header.d=b.org"), std::string::npos);
    EXPECT_EQ(field.find("dkim=pass"), std::string::npos);
}

TEST(AuthenticationResults, NothingCheckedIsNone) {
    EXPECT_EQ(authentication_results({}, kFacts),
              "Authentication-Results: mx.example.org;\r\n\tnone\r\n");
}

TEST(AuthenticationResults, AMessageWithoutSignatureSaysSo) {
    Results results;
    results.dmarc.emplace();
    EXPECT_EQ(authentication_results(results, kFacts),
              "Authentication-Results: mx.example.org;\r\n\tdkim=none;\r\n\tdmarc=none\r\n");
}

// What a stranger says must not end the field, nor add a result of its own to it.
TEST(AuthenticationResults, AStrangersTextStaysWithinItsValue) {
    const char* kHostile[] = {"x; dmarc=pass header.from=victim.org",
                              "a\"@b.org; spf=pass",
                              "a(b@c.org",
                              "a@b.org\r\nAuthentication-Results: mx.example.org; dmarc=pass",
                              "\\\"; dkim=pass\\",
                              "a@b\xff\xfe.org"};
    for (const char* text : kHostile) {
        SCOPED_TRACE(text);
        Results results = full();
        results.spf->domain.clear();
        results.spf_helo->domain.clear();
        results.dkim[0].selector = text;
        results.iprev->name = text;
        const std::string field =
            authentication_results(results, {"mx.example.org", "192.0.2.1", text, text});
        bool quoted = false;
        std::size_t parts = 0;
        std::size_t depth = 0;
        for (std::size_t i = 0; i < field.size(); ++i) {
            const char c = field[i];
            if (quoted && c == '\\') {
                ++i;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && c == '(') {
                ++depth;
            } else if (!quoted && c == ')') {
                --depth;
            } else if (!quoted && depth == 0 && c == ';') {
                ++parts;
            }
            if (c == '\n') {
                EXPECT_TRUE(i + 1 == field.size() || field[i + 1] == '\t');
            }
        }
        EXPECT_FALSE(quoted);
        EXPECT_EQ(depth, 0U);
        EXPECT_EQ(parts, 6U);
    }
}

TEST(AuthenticationResults, LinesStayShort) {
    Results results = full();
    for (int i = 0; i < 100; ++i) results.dkim.push_back(results.dkim[0]);
    const std::string field = authentication_results(results, kFacts);
    EXPECT_LT(field.size(), 8192U);
    std::size_t line = 0;
    for (const char c : field) {
        line = c == '\n' ? 0 : line + 1;
        EXPECT_LE(line, 998U);
    }
}

TEST(ReceivedSpf, HasTheKeysOfRfc7208) {
    Spf spf;
    spf.result = SpfResult::Fail;
    spf.domain = "b.org";
    spf.detail = "b.org: -all";
    EXPECT_EQ(received_spf(spf, kFacts),
              "Received-SPF: fail (mx.example.org: b.org: -all) receiver=mx.example.org;\r\n"
              "\tidentity=mailfrom;\r\n\tclient-ip=192.0.2.1;\r\n\thelo=mail.b.org;\r\n"
              "\tenvelope-from=\"joe@b.org\"\r\n");
}

struct StripCase {
    const char* title;
    std::string field;
    bool removed;
};

const StripCase kStrips[] = {
    {"ours", "Authentication-Results: mx.example.org; dmarc=pass\r\n", true},
    {"other case", "AUTHENTICATION-results: MX.Example.ORG; dmarc=pass\r\n", true},
    {"with a version", "Authentication-Results: mx.example.org 1; dmarc=pass\r\n", true},
    {"folded", "Authentication-Results:\r\n\tmx.example.org;\r\n\tdmarc=pass\r\n", true},
    {"behind comments", "Authentication-Results: (a (b) \\) c) mx.example.org; dmarc=pass\r\n",
     true},
    {"before a comment", "Authentication-Results: mx.example.org(x); dmarc=pass\r\n", true},
    {"quoted", "Authentication-Results: \"mx.exa\\mple.org\"; dmarc=pass\r\n", true},
    {"final dot", "Authentication-Results: mx.example.org.; dmarc=pass\r\n", true},
    {"blank before the colon", "Authentication-Results : mx.example.org; dmarc=pass\r\n", true},
    {"name folded", "Authentication-Results\r\n : mx.example.org; dmarc=pass\r\n", true},
    {"name with a NUL", std::string("Authentication\0-Results: mx.example.org; a=b\r\n", 46), true},
    {"no results", "Authentication-Results: mx.example.org\r\n", true},
    {"unreadable with our name", "Authentication-Results: <mx.example.org>; dmarc=pass\r\n", true},
    {"comment that does not end", "Authentication-Results: (mx.example.org; dmarc=pass\r\n", true},
    {"another's", "Authentication-Results: mx.other.org; dmarc=pass\r\n", false},
    {"another's that names us", "Authentication-Results: o.org; x=mx.example.org\r\n", false},
    {"a name under ours", "Authentication-Results: x.mx.example.org; dmarc=pass\r\n", false},
    {"unreadable without our name", "Authentication-Results: spf=pass a=b\r\n", false},
    {"ARC's", "ARC-Authentication-Results: i=1; mx.example.org; dmarc=pass\r\n", false},
    {"another field", "X-Authentication-Results: mx.example.org; dmarc=pass\r\n", false},
};

TEST(ForeignResults, OursAreRemovedAndAllElseStaysAsItCame) {
    const std::string before = "Received: from a\r\n by b;\r\n\tdate\r\n";
    const std::string after = "Subject: Authentication-Results: mx.example.org\r\nx\r\n\r\n";
    for (const StripCase& c : kStrips) {
        SCOPED_TRACE(c.title);
        const Stripped stripped = without_own_results(before + c.field + after, "mx.example.org");
        EXPECT_EQ(stripped.removed, c.removed ? 1U : 0U);
        EXPECT_EQ(stripped.header, before + (c.removed ? "" : c.field) + after);
    }
}

TEST(ForeignResults, AllOfThemAreRemovedAtOnce) {
    const std::string field = "Authentication-Results: mx.example.org; a=b\r\n";
    const Stripped stripped =
        without_own_results(field + field + "A: b\r\n" + field + "\r\n", "MX.example.org");
    EXPECT_EQ(stripped.removed, 3U);
    EXPECT_EQ(stripped.header, "A: b\r\n\r\n");
}

}  // namespace
}  // namespace postern::auth::trace
