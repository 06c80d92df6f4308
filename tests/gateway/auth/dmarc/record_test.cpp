#include "gateway/auth/dmarc/record.hpp"

#include <gtest/gtest.h>

namespace postern::auth::dmarc {
namespace {

TEST(DmarcRecord, VersionComesFirstAndExactly) {
    for (const char* text : {"v=DMARC1", "v=DMARC1;p=none", "V = DMARC1 ; p=none", "v=DMARC1; "}) {
        EXPECT_TRUE(is_dmarc(text)) << text;
    }
    for (const char* text : {"", "v=dmarc1; p=none", "v=DMARC10; p=none", "p=none; v=DMARC1",
                             "v=DMARC1 p=none", "DMARC1; p=none", "v=spf1 -all"}) {
        EXPECT_FALSE(is_dmarc(text)) << text;
    }
}

TEST(DmarcRecord, EveryTag) {
    const auto record = parse_record(
        "v=DMARC1; p=reject; sp=Quarantine; np=none; adkim=s; aspf=s; psd=n; t=y; fo=1:d:s; "
        "rua=mailto:a@b.org, mailto:c@d.org!10m; ruf=mailto:e@f.org");
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->policy, DmarcPolicy::Reject);
    EXPECT_EQ(record->subdomain_policy, DmarcPolicy::Quarantine);
    EXPECT_EQ(record->nonexistent_policy, DmarcPolicy::None);
    EXPECT_EQ(record->dkim, Alignment::Strict);
    EXPECT_EQ(record->spf, Alignment::Strict);
    EXPECT_EQ(record->psd, PublicSuffix::No);
    EXPECT_TRUE(record->testing);
    EXPECT_TRUE(record->failure_options.any_failed && record->failure_options.dkim &&
                record->failure_options.spf && !record->failure_options.all_failed);
    EXPECT_EQ(record->rua, (std::vector<std::string>{"mailto:a@b.org", "mailto:c@d.org"}));
    EXPECT_EQ(record->ruf, (std::vector<std::string>{"mailto:e@f.org"}));
}

TEST(DmarcRecord, WhatIsWrongBehindTheVersionFallsBackToDefaults) {
    const auto record = parse_record(
        "v=DMARC1; adkim=x; aspf=; psd=maybe; t=perhaps; fo=9; pct=0; ;; =; x; p=reject");
    ASSERT_TRUE(record.has_value());
    EXPECT_TRUE(record->applies);
    EXPECT_EQ(record->policy, DmarcPolicy::Reject);
    EXPECT_EQ(record->dkim, Alignment::Relaxed);
    EXPECT_EQ(record->psd, PublicSuffix::Unknown);
    EXPECT_FALSE(record->testing);
    EXPECT_TRUE(record->failure_options.all_failed);
}

TEST(DmarcRecord, FailureOptions) {
    const struct {
        const char* fo;
        bool all, any, dkim, spf;
    } kCases[] = {{"", true, false, false, false},
                  {"; fo=0", true, false, false, false},
                  {"; fo=1", false, true, false, false},
                  {"; fo=d", false, false, true, false},
                  {"; fo=S", false, false, false, true},
                  {"; fo= 0 : d ", true, false, true, false},
                  {"; fo=x:1", false, true, false, false},
                  {"; fo=x", true, false, false, false},
                  {"; fo=", true, false, false, false},
                  {"; fo=01", true, false, false, false},
                  {"; fo=1; fo=0", false, true, false, false}};
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.fo);
        const auto record = parse_record(std::string("v=DMARC1; p=none") + c.fo);
        ASSERT_TRUE(record.has_value());
        const FailureOptions& read = record->failure_options;
        EXPECT_EQ(read.all_failed, c.all);
        EXPECT_EQ(read.any_failed, c.any);
        EXPECT_EQ(read.dkim, c.dkim);
        EXPECT_EQ(read.spf, c.spf);
    }
}

struct PolicyCase {
    const char* text;
    bool applies;
    DmarcPolicy policy;
};

// RFC 9989 4.10.1: a wrong policy is none when there is somebody to tell, and no record otherwise.
TEST(DmarcRecord, AWrongPolicyIsNoneForWhoHearsReportsAndNoRecordForOthers) {
    const PolicyCase kCases[] = {
        {"v=DMARC1; p=bob", false, DmarcPolicy::None},
        {"v=DMARC1; p=bob; rua=mailto:a@b.org", true, DmarcPolicy::None},
        {"v=DMARC1; p=reject; sp=bob", false, DmarcPolicy::None},
        {"v=DMARC1; p=reject; np=bob; rua=mailto:a@b.org", true, DmarcPolicy::None},
        {"v=DMARC1", false, DmarcPolicy::None},
        {"v=DMARC1; rua=mailto:a@b.org", true, DmarcPolicy::None},
        {"v=DMARC1; rua=not a uri", false, DmarcPolicy::None},
        {"v=DMARC1; rua=mailto:nobody", false, DmarcPolicy::None},
        {"v=DMARC1; p=reject; p=none", true, DmarcPolicy::Reject},
    };
    for (const PolicyCase& c : kCases) {
        SCOPED_TRACE(c.text);
        const auto record = parse_record(c.text);
        ASSERT_TRUE(record.has_value());
        EXPECT_EQ(record->applies, c.applies);
        EXPECT_EQ(record->policy, c.policy);
    }
}

TEST(DmarcRecord, MailtoAddress) {
    EXPECT_EQ(mailto_address("mailto:a%2Bb@c.org?subject=x"), "a+b@c.org");
    EXPECT_EQ(mailto_address("MAILTO:a@c.org"), "a@c.org");
    EXPECT_EQ(mailto_address("https://c.org/a@c.org"), std::nullopt);
    EXPECT_EQ(mailto_address("mailto:a%@c.org"), std::nullopt);
    EXPECT_EQ(mailto_address("mailto:a@c.org%0d%0aBcc:x@y.org"), std::nullopt);
    EXPECT_EQ(mailto_address("mailto:a@b.org,c@d.org"), std::nullopt);
}

}  // namespace
}  // namespace postern::auth::dmarc
