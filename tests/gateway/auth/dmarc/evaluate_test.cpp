#include "gateway/auth/dmarc/evaluate.hpp"

#include <gtest/gtest.h>

#include "gateway/auth/dmarc/tree_walk.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth::dmarc {
namespace {

using dns::RecordType;
using tests::FakeResolver;

Spf spf(SpfResult result, const std::string& domain) {
    Spf made;
    made.result = result;
    made.domain = domain;
    return made;
}

Dkim dkim(DkimResult result, const std::string& domain) {
    Dkim made;
    made.result = result;
    made.domain = domain;
    return made;
}

Evaluation evaluated(FakeResolver& resolver, const std::string& author, const Spf& spf_result,
                     const std::vector<Dkim>& signatures = {}) {
    dns::Inquiry inquiry(resolver, {});
    return evaluate(Outcome<std::string, AuthorError>(author), &spf_result, signatures, inquiry);
}

TEST(TreeWalk, AsksForAtMostEightNames) {
    EXPECT_EQ(walk_names("org"), (std::vector<std::string>{"org"}));
    EXPECT_EQ(walk_names("a.b.org"), (std::vector<std::string>{"a.b.org", "b.org", "org"}));
    // The example of RFC 9989 4.10, with its eight queries.
    const auto names = walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com");
    ASSERT_EQ(names.size(), 8U);
    EXPECT_EQ(names[1], "g.h.i.j.mail.example.com");
    EXPECT_EQ(names[7], "com");
}

struct OrganizationCase {
    const char* title;
    std::vector<std::pair<std::string, std::string>> records;
    const char* start;
    const char* want;
    const char* policy;  ///< domain of the record that applies; null: none
};

const OrganizationCase kOrganizations[] = {
    {"no record: the domain itself", {}, "a.b.org", "a.b.org", nullptr},
    {"the highest record",
     {{"b.org", "p=none"}, {"a.b.org", "p=reject"}},
     "a.b.org",
     "b.org",
     "a.b.org"},
    {"own record without another", {{"a.b.org", "p=reject"}}, "a.b.org", "a.b.org", "a.b.org"},
    {"a record between is no policy",
     {{"b.org", "p=none"}, {"x.b.org", "p=reject"}},
     "a.x.b.org",
     "b.org",
     "b.org"},
    {"psd=n is the organization",
     {{"x.b.org", "p=reject; psd=n"}, {"b.org", "p=none"}},
     "a.x.b.org",
     "x.b.org",
     "x.b.org"},
    {"below psd=y", {{"org", "p=reject; psd=y"}}, "a.b.org", "b.org", "org"},
    {"below psd=y, with a record of its own",
     {{"org", "p=reject; psd=y"}, {"b.org", "p=none"}},
     "a.b.org",
     "b.org",
     "b.org"},
    {"a public suffix as author",
     {{"gov.example", "p=reject; psd=y"}},
     "gov.example",
     "gov.example",
     "gov.example"},
    {"psd=y ends the walk",
     {{"co.example", "p=none; psd=y"}, {"example", "p=reject"}},
     "a.b.co.example",
     "b.co.example",
     "co.example"},
};

TEST(TreeWalk, OrganizationalDomainAndPolicy) {
    for (const OrganizationCase& c : kOrganizations) {
        SCOPED_TRACE(c.title);
        FakeResolver resolver;
        for (const auto& [domain, tags] : c.records) {
            resolver.txt("_dmarc." + domain, {"v=DMARC1; " + tags});
        }
        dns::Inquiry inquiry(resolver, {});
        const Walk found = walk(c.start, inquiry);
        EXPECT_EQ(found.organizational_domain(), c.want);
        const Published* policy = found.policy();
        ASSERT_EQ(policy != nullptr, c.policy != nullptr);
        if (policy != nullptr) {
            EXPECT_EQ(policy->domain, c.policy);
        }
    }
}

TEST(TreeWalk, SeveralRecordsAtOneNameAreNone) {
    FakeResolver resolver;
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=reject", "v=DMARC1; p=none"});
    dns::Inquiry inquiry(resolver, {});
    EXPECT_EQ(walk("b.org", inquiry).policy(), nullptr);
}

struct ResultCase {
    const char* title;
    const char* tags;  ///< of the record at b.org
    const char* author;
    Spf spf_result;
    std::vector<Dkim> signatures;
    DmarcResult want;
    DmarcPolicy disposition;
};

const ResultCase kResults[] = {
    {"SPF of the author",
     "p=reject",
     "b.org",
     spf(SpfResult::Pass, "b.org"),
     {},
     DmarcResult::Pass,
     DmarcPolicy::None},
    {"SPF of a subdomain, relaxed",
     "p=reject",
     "b.org",
     spf(SpfResult::Pass, "x.b.org"),
     {},
     DmarcResult::Pass,
     DmarcPolicy::None},
    {"SPF of a subdomain, strict",
     "p=reject; aspf=s",
     "b.org",
     spf(SpfResult::Pass, "x.b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"SPF of siblings",
     "p=reject",
     "a.b.org",
     spf(SpfResult::Pass, "x.b.org"),
     {},
     DmarcResult::Pass,
     DmarcPolicy::None},
    {"SPF softfail is none",
     "p=reject",
     "b.org",
     spf(SpfResult::SoftFail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"a name that only ends alike",
     "p=reject",
     "b.org",
     spf(SpfResult::Pass, "evilb.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"one of two signatures",
     "p=quarantine",
     "b.org",
     spf(SpfResult::None, ""),
     {dkim(DkimResult::Pass, "other.org"), dkim(DkimResult::Pass, "B.org")},
     DmarcResult::Pass,
     DmarcPolicy::None},
    {"a signature that fails",
     "p=quarantine",
     "b.org",
     spf(SpfResult::None, ""),
     {dkim(DkimResult::Fail, "b.org")},
     DmarcResult::Fail,
     DmarcPolicy::Quarantine},
    {"an aligned key that could not be had",
     "p=reject",
     "b.org",
     spf(SpfResult::None, ""),
     {dkim(DkimResult::TempError, "b.org")},
     DmarcResult::TempError,
     DmarcPolicy::None},
    {"another's key that could not be had",
     "p=reject",
     "b.org",
     spf(SpfResult::None, ""),
     {dkim(DkimResult::TempError, "other.org")},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"aligned SPF that could not be told",
     "p=reject",
     "b.org",
     spf(SpfResult::TempError, "b.org"),
     {},
     DmarcResult::TempError,
     DmarcPolicy::None},
    {"t=y softens reject",
     "p=reject; t=y",
     "b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Quarantine},
    {"t=y softens quarantine",
     "p=quarantine; t=y",
     "b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::None},
    {"pct is ignored",
     "p=reject; pct=0",
     "b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"sp for a subdomain",
     "p=reject; sp=none",
     "a.b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::None},
    {"np for one that does not exist",
     "p=none; sp=none; np=reject",
     "ghost.b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Reject},
    {"np not for one that exists",
     "p=none; sp=quarantine; np=reject",
     "a.b.org",
     spf(SpfResult::Fail, "b.org"),
     {},
     DmarcResult::Fail,
     DmarcPolicy::Quarantine},
};

TEST(Dmarc, Results) {
    for (const ResultCase& c : kResults) {
        SCOPED_TRACE(c.title);
        FakeResolver resolver;
        resolver.txt("_dmarc.b.org", {"v=DMARC1; " + std::string(c.tags)});
        resolver.a("a.b.org", {"192.0.2.1"});
        const Dmarc result = evaluated(resolver, c.author, c.spf_result, c.signatures).result;
        EXPECT_EQ(result.result, c.want) << result.detail;
        EXPECT_EQ(result.disposition, c.disposition);
    }
}

TEST(Dmarc, AFailedLookUpIsNeverAPassOrAFail) {
    FakeResolver resolver;
    resolver.fails("_dmarc.b.org", RecordType::Txt);
    EXPECT_EQ(evaluated(resolver, "b.org", spf(SpfResult::Pass, "b.org")).result.result,
              DmarcResult::TempError);
    EXPECT_EQ(evaluated(resolver, "a.b.org", spf(SpfResult::Pass, "a.b.org")).result.result,
              DmarcResult::TempError);
}

TEST(Dmarc, AnUnknownOrganizationLeavesOnlyExactMatches) {
    FakeResolver resolver;
    resolver.txt("_dmarc.a.b.org", {"v=DMARC1; p=reject"});
    resolver.fails("_dmarc.b.org", RecordType::Txt);
    EXPECT_EQ(evaluated(resolver, "a.b.org", spf(SpfResult::Pass, "a.b.org")).result.result,
              DmarcResult::Pass);
    EXPECT_EQ(evaluated(resolver, "a.b.org", spf(SpfResult::Pass, "x.b.org")).result.result,
              DmarcResult::TempError);
    EXPECT_EQ(evaluated(resolver, "a.b.org", spf(SpfResult::Fail, "x.b.org")).result.result,
              DmarcResult::Fail);
}

TEST(Dmarc, WithoutAnAuthorThereIsAPermanentErrorAndNoQuestion) {
    FakeResolver resolver;
    dns::Inquiry inquiry(resolver, {});
    const Outcome<std::string, AuthorError> author = Failure{AuthorError::SeveralDomains};
    const Spf pass = spf(SpfResult::Pass, "b.org");
    EXPECT_EQ(evaluate(author, &pass, {}, inquiry).result.result, DmarcResult::PermError);
    EXPECT_TRUE(resolver.asked().empty());
}

TEST(Dmarc, TenSignaturesOfDeepNamesStayWithinTheLookUpsOfAMessage) {
    FakeResolver resolver;
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=reject"});
    std::vector<Dkim> signatures;
    for (int i = 0; i < 10; ++i) {
        signatures.push_back(
            dkim(DkimResult::Pass, "s" + std::to_string(i) + ".q.w.e.r.t.z.other.org"));
    }
    EXPECT_EQ(evaluated(resolver, "b.org", spf(SpfResult::None, ""), signatures).result.result,
              DmarcResult::Fail);
    EXPECT_LE(resolver.asked().size(), 10U);
}

/// Appending to what is signed with l= must not give the attacker the domain's name.
TEST(DmarcEvaluate, APassThatDoesNotCountAlignsWithNothing) {
    FakeResolver resolver;
    resolver.txt("_dmarc.b.org", {"v=DMARC1; p=reject"});
    Dkim partial = dkim(DkimResult::Pass, "b.org");
    partial.left_out = "only 5 of 9 bytes are signed (l=)";
    for (const bool counts : {false, true}) {
        partial.counts = counts;
        const Dmarc result =
            evaluated(resolver, "b.org", spf(SpfResult::Fail, "b.org"), {partial}).result;
        EXPECT_EQ(result.result, counts ? DmarcResult::Pass : DmarcResult::Fail);
        EXPECT_EQ(result.detail.find("only 5 of 9") != std::string::npos, !counts);
    }
    partial.counts = false;
    const Dkim whole = dkim(DkimResult::Pass, "b.org");
    EXPECT_EQ(
        evaluated(resolver, "b.org", spf(SpfResult::Fail, "b.org"), {partial, whole}).result.result,
        DmarcResult::Pass);
}

}  // namespace
}  // namespace postern::auth::dmarc
