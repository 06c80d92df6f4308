#include "gateway/auth/dmarc/report/failure.hpp"

#include <gtest/gtest.h>

namespace postern::auth::dmarc {
namespace {

/// "spf dkim...": what each of them came to; "aligned" behind a word means that it counts.
struct FoCase {
    const char* title;
    const char* fo;
    DmarcResult result;
    bool spf_aligned;
    SpfResult spf;
    bool dkim_aligned;
    std::vector<DkimResult> dkim;
    bool reported;
};

Evaluation evaluation(const std::string& record, DmarcResult result) {
    Evaluation made;
    made.record = parse_record(record);
    made.result.result = result;
    made.result.domain = made.result.policy_domain = made.result.organizational_domain = "b.org";
    return made;
}

Results results(SpfResult spf, const std::vector<DkimResult>& dkim) {
    Results made;
    made.spf.emplace().result = spf;
    for (const DkimResult each : dkim) made.dkim.emplace_back().result = each;
    return made;
}

const DmarcResult kPass = DmarcResult::Pass;
const DmarcResult kFail = DmarcResult::Fail;

TEST(FailureOptions, AReportIsMadeOfWhatTheRecordAsksFor) {
    const FoCase kCases[] = {
        {"default: all failed", "", kFail, false, SpfResult::Fail, false, {}, true},
        {"default: one aligned pass", "", kPass, true, SpfResult::Pass, false, {}, false},
        {"0: all failed", "0", kFail, false, SpfResult::None, false, {}, true},
        {"0: DKIM alone", "0", kPass, false, SpfResult::Fail, true, {DkimResult::Pass}, false},
        {"1: all failed", "1", kFail, false, SpfResult::Fail, false, {}, true},
        {"1: SPF alone", "1", kPass, true, SpfResult::Pass, false, {}, true},
        {"1: DKIM alone", "1", kPass, false, SpfResult::None, true, {DkimResult::Pass}, true},
        {"1: both", "1", kPass, true, SpfResult::Pass, true, {DkimResult::Pass}, false},
        {"1: SPF passes elsewhere",
         "1",
         kPass,
         false,
         SpfResult::Pass,
         true,
         {DkimResult::Pass},
         true},
        {"1: SPF could not be told",
         "1",
         kPass,
         false,
         SpfResult::TempError,
         true,
         {DkimResult::Pass},
         false},
        {"1: a key could not be told",
         "1",
         kPass,
         true,
         SpfResult::Pass,
         false,
         {DkimResult::TempError},
         false},
        {"d: a wrong signature beside a good one",
         "d",
         kPass,
         true,
         SpfResult::Pass,
         true,
         {DkimResult::Pass, DkimResult::Fail},
         true},
        {"d: a key that is gone",
         "D",
         kPass,
         true,
         SpfResult::Pass,
         false,
         {DkimResult::PermError},
         true},
        {"d: no signature at all", "d", kFail, false, SpfResult::Fail, false, {}, false},
        {"d: one of somebody else passes",
         "d",
         kFail,
         false,
         SpfResult::Fail,
         false,
         {DkimResult::Pass},
         false},
        {"s: fail", "s", kPass, false, SpfResult::Fail, true, {DkimResult::Pass}, true},
        {"s: softfail", "S", kPass, false, SpfResult::SoftFail, true, {DkimResult::Pass}, true},
        {"s: permerror", "s", kFail, false, SpfResult::PermError, false, {}, true},
        {"s: neutral", "s", kFail, false, SpfResult::Neutral, false, {}, false},
        {"s: a pass that is not aligned", "s", kFail, false, SpfResult::Pass, false, {}, false},
        {"d:s: the second", "d:s", kFail, false, SpfResult::Fail, false, {}, true},
        {"unknown letters are as none", "x:9", kFail, false, SpfResult::Fail, false, {}, true},
        {"unknown beside known", "x:d", kFail, false, SpfResult::Fail, false, {}, false},
        {"temperror is no failure",
         "0:1:d:s",
         DmarcResult::TempError,
         false,
         SpfResult::Fail,
         false,
         {DkimResult::Fail},
         false},
        {"permerror neither",
         "0:1:d:s",
         DmarcResult::PermError,
         false,
         SpfResult::Fail,
         false,
         {DkimResult::Fail},
         false},
    };
    for (const FoCase& c : kCases) {
        SCOPED_TRACE(c.title);
        std::string record = "v=DMARC1; p=none; ruf=mailto:a@b.org";
        if (*c.fo != '\0') record += std::string("; fo=") + c.fo;
        Evaluation made = evaluation(record, c.result);
        made.result.spf_aligned = c.spf_aligned;
        made.result.dkim_aligned = c.dkim_aligned;
        EXPECT_EQ(failures_to_report(made, results(c.spf, c.dkim)).has_value(), c.reported);
    }
}

TEST(FailureOptions, NobodyIsToldWithoutRufNorARegistry) {
    for (const char* record : {"v=DMARC1; p=none; rua=mailto:a@b.org; fo=1",
                               "v=DMARC1; p=none; psd=y; ruf=mailto:a@b.org; fo=1",
                               "v=DMARC1; p=none; ruf=nonsense; fo=1"}) {
        EXPECT_FALSE(
            failures_to_report(evaluation(record, kFail), results(SpfResult::Fail, {})).has_value())
            << record;
    }
    EXPECT_FALSE(failures_to_report({}, {}).has_value());
}

TEST(FailureReport, NamesTheWrongSignatureOfTheAuthorFirst) {
    Results made = results(SpfResult::Fail, {DkimResult::Pass, DkimResult::Fail, DkimResult::Fail});
    made.dmarc.emplace().organizational_domain = "b.org";
    made.dkim[0].domain = "b.org";
    made.dkim[1].domain = "other.org";
    made.dkim[2].domain = "mail.b.org";
    EXPECT_EQ(wrong_signature(made), &made.dkim[2]);
    made.dkim[2].domain = "notb.org";
    EXPECT_EQ(wrong_signature(made), &made.dkim[1]);
    made.dkim.resize(1);
    EXPECT_EQ(wrong_signature(made), nullptr);
}

struct AutomaticCase {
    const char* title;
    const char* reverse_path;
    const char* header;
    bool automatic;
};

TEST(FailureReport, IsNeverAnAnswerToAMachine) {
    const AutomaticCase kCases[] = {
        {"a person", "a@b.org", "From: a@b.org\r\n\r\n", false},
        {"a bounce", "", "From: a@b.org\r\n\r\n", true},
        {"Auto-Submitted", "a@b.org", "auto-submitted: Auto-Generated (x)\r\n\r\n", true},
        {"no", "a@b.org", "Auto-Submitted: No; x=y\r\n\r\n", false},
        {"no, then yes", "a@b.org", "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", true},
        {"nothing said", "a@b.org", "Auto-Submitted:\r\n\r\n", true},
        {"a report", "a@b.org", "Content-Type:\r\n Multipart/Report ; report-type=x\r\n\r\n", true},
        {"report, unparted", "a@b.org", "Content-Type: multipart/report\r\n", true},
        {"mixed", "a@b.org", "Content-Type: multipart/mixed\r\n\r\n", false},
    };
    for (const AutomaticCase& c : kCases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(is_automatic(c.reverse_path, mail::HeaderBlock(c.header)), c.automatic);
    }
}

TEST(FailureReport, AHeaderIsCutBetweenFields) {
    const std::string block = "A: 1\r\nB: 2\r\n 3\r\n\r\nbody";
    const std::string both = "A: 1\r\nB: 2\r\n 3\r\n";
    const std::string first = "A: 1\r\n";
    const std::size_t size = both.size();
    const struct {
        std::size_t most;
        const std::string& block;
        bool cut;
    } kCases[] = {{size + 2, both, false},
                  {size, both, false},
                  {size - 1, first, true},
                  {first.size() + 6, first, true},
                  {first.size(), first, true}};
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.most);
        const HeaderCopy copy = header_copy(block, c.most);
        EXPECT_EQ(copy.block, c.block);
        EXPECT_EQ(copy.cut, c.cut);
    }
    EXPECT_EQ(header_copy(block, first.size() - 1).block, "");
    EXPECT_TRUE(header_copy(block, first.size() - 1).cut);
    EXPECT_FALSE(header_copy("", 10).cut);
}

}  // namespace
}  // namespace postern::auth::dmarc
