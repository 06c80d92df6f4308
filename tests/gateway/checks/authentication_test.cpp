/// @file The checks spf, dkim, dmarc and arc: what each result comes to under each course.

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "gateway/checks/plan.hpp"
#include "gateway/checks/run.hpp"
#include "gateway/settings/config_error.hpp"
#include "gateway/state/memory_store.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::checks {
namespace {

using auth::DkimResult;
using auth::DmarcPolicy;
using auth::DmarcResult;
using auth::SpfResult;

Heard heard(const std::string& toml, std::string_view check, const MessageFacts& message) {
    const settings::Settings settings = settings::parse(toml, "test").settings;
    const Plan plan = configure(settings);
    tests::FakeResolver resolver;
    dns::Inquiry inquiry(resolver, {});
    state::MemoryStore state(1U << 20U, [] { return std::int64_t{0}; }, {});
    const Facts facts{{.client = mail::IpAddress::parse("192.0.2.1").value(),
                       .port = 25,
                       .hostname = "mx.example.org",
                       .iprev = {},
                       .reverse_names = {}},
                      {},
                      {},
                      {},
                      message};
    Heard said;
    run_one(plan, check, facts, {.dns = inquiry, .state = state, .settings = settings}, said, {});
    return said;
}

MessageFacts with_spf(SpfResult result, DmarcResult dmarc = DmarcResult::None) {
    MessageFacts message;
    message.header = "From: a@b.org\r\n\r\n";
    message.auth.spf.emplace();
    message.auth.spf->result = result;
    message.auth.spf->domain = "b.org";
    message.auth.dmarc.emplace();
    message.auth.dmarc->result = dmarc;
    return message;
}

MessageFacts with_dmarc(DmarcResult result, std::optional<DmarcPolicy> policy,
                        DmarcPolicy disposition) {
    MessageFacts message;
    message.header = "From: a@b.org\r\n\r\n";
    message.auth.dmarc.emplace();
    message.auth.dmarc->result = result;
    message.auth.dmarc->policy = policy;
    message.auth.dmarc->disposition = disposition;
    message.auth.dmarc->domain = "b.org";
    return message;
}

struct CourseCase {
    const char* title;
    const char* toml;
    const char* check;
    MessageFacts message;
    const char* code;  ///< of the one finding; null: none
    Mode mode = Mode::Enforce;
    int reply = 0;  ///< 0: no refusal
    const char* enhanced = "";
};

std::vector<CourseCase> courses() {
    MessageFacts unsigned_mail = with_spf(SpfResult::None);
    MessageFacts failed = unsigned_mail;
    failed.auth.dkim.resize(1);
    failed.auth.dkim[0].result = DkimResult::Fail;
    MessageFacts weak = unsigned_mail;
    weak.auth.dkim.resize(1);
    weak.auth.dkim[0].result = DkimResult::Pass;
    weak.auth.dkim[0].algorithm = "rsa-sha256";
    weak.auth.dkim[0].key_bits = 1024;
    MessageFacts partial = unsigned_mail;
    partial.auth.dkim.resize(1);
    partial.auth.dkim[0].result = DkimResult::Pass;
    partial.auth.dkim[0].left_out = "only 5 of 9 bytes are signed (l=)";
    MessageFacts no_key = unsigned_mail;
    no_key.auth.dkim.resize(1);
    no_key.auth.dkim[0].result = DkimResult::TempError;
    MessageFacts broken_chain = unsigned_mail;
    broken_chain.auth.arc.emplace();
    broken_chain.auth.arc->result = auth::ArcResult::Fail;
    MessageFacts unread_chain = broken_chain;
    unread_chain.auth.arc->temporary = true;
    MessageFacts two_from = with_dmarc(DmarcResult::PermError, {}, DmarcPolicy::None);
    two_from.header = "From: a@b.org\r\nFrom: c@d.org\r\n\r\n";
    MessageFacts no_from = two_from;
    no_from.header = "To: a@b.org\r\n\r\n";
    MessageFacts vouched = with_dmarc(DmarcResult::Fail, DmarcPolicy::Reject, DmarcPolicy::None);
    vouched.auth.dmarc->overridden = true;
    const MessageFacts reject =
        with_dmarc(DmarcResult::Fail, DmarcPolicy::Reject, DmarcPolicy::Reject);
    const MessageFacts hold =
        with_dmarc(DmarcResult::Fail, DmarcPolicy::Quarantine, DmarcPolicy::Quarantine);
    const MessageFacts shrug = with_dmarc(DmarcResult::Fail, DmarcPolicy::None, DmarcPolicy::None);
    const MessageFacts unknown = with_dmarc(DmarcResult::TempError, {}, DmarcPolicy::None);
    return {
        {"SPF pass", "", "spf", with_spf(SpfResult::Pass), nullptr},
        {"SPF neutral", "", "spf", with_spf(SpfResult::Neutral), nullptr},
        {"SPF fail", "", "spf", with_spf(SpfResult::Fail), "SPF_FAIL", Mode::Score},
        {"SPF fail that DMARC excuses", "", "spf", with_spf(SpfResult::Fail, DmarcResult::Pass),
         "SPF_FAIL", Mode::Monitor},
        {"SPF fail, refused", "[checks.spf]\nfail = \"reject\"", "spf", with_spf(SpfResult::Fail),
         "SPF_FAIL", Mode::Enforce, 550, "5.7.23"},
        {"SPF fail, held", "[checks.spf]\nfail = \"quarantine\"", "spf", with_spf(SpfResult::Fail),
         "SPF_FAIL", Mode::Enforce},
        {"SPF fail, ignored", "[checks.spf]\nfail = \"off\"", "spf", with_spf(SpfResult::Fail),
         nullptr},
        {"the check's mode is the most that is done",
         "[checks.spf]\nmode = \"monitor\"\nfail = \"reject\"", "spf", with_spf(SpfResult::Fail),
         "SPF_FAIL", Mode::Monitor},
        {"SPF softfail", "", "spf", with_spf(SpfResult::SoftFail), "SPF_SOFTFAIL", Mode::Score},
        {"SPF temperror", "", "spf", with_spf(SpfResult::TempError), "CHECK_UNDECIDED",
         Mode::Score},
        {"SPF temperror, deferred", "[checks.spf]\ntemperror = \"defer\"", "spf",
         with_spf(SpfResult::TempError), "CHECK_UNDECIDED", Mode::Enforce, 451, "4.7.24"},
        {"SPF permerror, refused", "[checks.spf]\npermerror = \"reject\"", "spf",
         with_spf(SpfResult::PermError), "SPF_PERMERROR", Mode::Enforce, 550, "5.7.24"},
        {"no SPF record", "", "spf", with_spf(SpfResult::None), nullptr},
        {"no signature", "", "dkim", unsigned_mail, nullptr},
        {"no signature, refused", "[checks.dkim]\nnone = \"reject\"", "dkim", unsigned_mail,
         "DKIM_NONE", Mode::Enforce, 550, "5.7.20"},
        {"a failed signature", "", "dkim", failed, "DKIM_FAIL", Mode::Monitor},
        {"a failed signature, refused", "[checks.dkim]\nfail = \"reject\"", "dkim", failed,
         "DKIM_FAIL", Mode::Enforce, 550, "5.7.20"},
        {"a weak key", "", "dkim", weak, "DKIM_WEAK", Mode::Monitor},
        {"bytes behind what is signed", "", "dkim", partial, "DKIM_PARTIAL", Mode::Score},
        {"bytes behind what is signed, held", "[checks.dkim]\npartial = \"quarantine\"", "dkim",
         partial, "DKIM_PARTIAL", Mode::Enforce},
        {"bytes behind what is signed, refused", "[checks.dkim]\npartial = \"reject\"", "dkim",
         partial, "DKIM_PARTIAL", Mode::Enforce, 550, "5.7.20"},
        {"a key that could not be had is no failure", "[checks.dkim]\nfail = \"reject\"", "dkim",
         no_key, "CHECK_UNDECIDED", Mode::Score},
        {"DMARC pass", "", "dmarc", with_dmarc(DmarcResult::Pass, DmarcPolicy::Reject, {}),
         nullptr},
        {"DMARC reject", "", "dmarc", reject, "DMARC_REJECT", Mode::Enforce, 550, "5.7.26"},
        {"DMARC reject, held", "[checks.dmarc]\nreject = \"quarantine\"", "dmarc", reject,
         "DMARC_REJECT", Mode::Enforce},
        {"DMARC quarantine", "", "dmarc", hold, "DMARC_QUARANTINE", Mode::Enforce},
        {"DMARC none", "", "dmarc", shrug, "DMARC_FAIL", Mode::Score},
        {"DMARC overridden", "", "dmarc", vouched, "DMARC_OVERRIDDEN", Mode::Enforce},
        {"DMARC temperror", "", "dmarc", unknown, "CHECK_UNDECIDED", Mode::Score},
        {"DMARC temperror, deferred", "[checks.dmarc]\ntemperror = \"defer\"", "dmarc", unknown,
         "CHECK_UNDECIDED", Mode::Enforce, 451, "4.7.26"},
        {"two From fields", "", "dmarc", two_from, "FROM_AMBIGUOUS", Mode::Enforce},
        {"two From fields, refused", "[checks.dmarc]\nfrom_ambiguous = \"reject\"", "dmarc",
         two_from, "FROM_AMBIGUOUS", Mode::Enforce, 550, "5.7.26"},
        {"no From field", "", "dmarc", no_from, "FROM_MISSING", Mode::Score},
        {"a broken chain", "", "arc", broken_chain, "ARC_FAIL", Mode::Monitor},
        {"a chain whose key could not be had is no failure", "[checks.arc]\nfail = \"reject\"",
         "arc", unread_chain, "CHECK_UNDECIDED", Mode::Score},
        {"a chain whose key could not be had, deferred", "[checks.arc]\ntemperror = \"defer\"",
         "arc", unread_chain, "CHECK_UNDECIDED", Mode::Enforce, 451, "4.7.29"},
        {"a broken chain, refused", "[checks.arc]\nfail = \"reject\"", "arc", broken_chain,
         "ARC_FAIL", Mode::Enforce, 550, "5.7.29"},
    };
}

TEST(AuthenticationChecks, EachResultTakesItsCourse) {
    for (const CourseCase& c : courses()) {
        SCOPED_TRACE(c.title);
        const Heard said = heard(c.toml, c.check, c.message);
        ASSERT_EQ(said.findings.size(), c.code == nullptr ? 0U : 1U);
        if (c.code != nullptr) {
            EXPECT_EQ(said.findings[0].finding.code, c.code);
            EXPECT_EQ(said.findings[0].mode, c.mode);
        }
        ASSERT_EQ(said.refusal.has_value(), c.reply != 0);
        if (said.refusal) {
            EXPECT_EQ(said.refusal->code, c.reply);
            EXPECT_EQ(said.refusal->enhanced, c.enhanced);
        }
    }
}

TEST(AuthenticationChecks, WhatIsHeldHasAClassThatHolds) {
    const Heard said =
        heard("[checks.spf]\nfail = \"quarantine\"", "spf", with_spf(SpfResult::Fail));
    ASSERT_EQ(said.findings.size(), 1U);
    EXPECT_EQ(said.findings[0].finding.category, analyzers::Category::Policy);
}

TEST(AuthenticationChecks, AWordThatIsNoCourseIsRefused) {
    for (const char* toml : {"[checks.spf]\nfail = \"defer\"", "[checks.dmarc]\nreject = \"drop\"",
                             "[checks.dmarc]\ntemperror = \"reject\""}) {
        const settings::Settings settings = settings::parse(toml, "test").settings;
        EXPECT_THROW((void)configure(settings), settings::ConfigError) << toml;
    }
}

}  // namespace
}  // namespace postern::checks
