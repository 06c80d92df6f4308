/// @file The check "allowed": an entry counts for who is proven, and as long as it lasts.

#include "gateway/checks/message/allowed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/reputation/lists.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks {
namespace {

using auth::DmarcResult;
using testing::ElementsAre;
using tests::words;

class Allowed : public testing::Test {
protected:
    Allowed() {
        settings_.allow = {"partner.example", "jo@other.example", "over.example until 2020-01-31",
                           "later.example until 9000-01-31", "203.0.113.0/24"};
        lists_.emplace(settings_, bench_.dns, nullptr);
        auth_.dmarc.emplace();
        auth_.dmarc->result = DmarcResult::Pass;
    }

    Opinions said(const std::string& address, const char* client = "198.51.100.7") {
        report_.message.from = {address};
        report_.message.from_names = {""};
        Facts facts = tests::ordinary();
        facts.connection.client = tests::address(client);
        facts.connection.trusted =
            lists_->client_standing(facts.connection.client).standing == Standing::Allowed;
        facts.message.emplace();
        facts.message->header = "From: " + address + "\r\n" + more_ + "\r\n";
        facts.message->report = &report_;
        facts.message->auth = auth_;
        dns::Inquiry inquiry(bench_.dns, {});
        Tools tools = bench_.tools(inquiry);
        tools.lists = &*lists_;
        return tests::check("allowed").run(facts, tools, {{"points", 10.0}});
    }
    bool used(const std::string& entry) {
        const auto value = bench_.state.get(allow_use_key(entry));
        return value && value->has_value() && **value == std::to_string(bench_.now);
    }

    using Standing = reputation::Standing;
    tests::Bench bench_;
    settings::Lists settings_;
    std::optional<reputation::Lists> lists_;
    analyzers::Report report_;
    auth::Results auth_;
    std::string more_;
};

TEST_F(Allowed, TakesPointsAwayFromWhoIsProvenAndNotesTheUse) {
    for (const auto& [address, entry] : {std::pair{"a@partner.example", "partner.example"},
                                         std::pair{"a@mail.partner.example", "partner.example"},
                                         std::pair{"Jo@other.example", "jo@other.example"},
                                         std::pair{"a@later.example", "later.example"}}) {
        SCOPED_TRACE(address);
        const Opinions opinions = said(address);
        ASSERT_THAT(words(opinions), ElementsAre("SENDER_ALLOWED"));
        EXPECT_EQ(opinions[0].finding.score, -10);
        EXPECT_TRUE(used(entry));
    }
    EXPECT_TRUE(said("eve@other.example").empty());
    EXPECT_TRUE(said("a@stranger.example").empty());
}

TEST_F(Allowed, DoesNotCountForWhoOnlySaysSo) {
    auth::Dkim partial;
    partial.result = auth::DkimResult::Pass;
    partial.domain = "partner.example";
    partial.left_out = "only 5 of 9 bytes are signed (l=)";
    partial.counts = false;
    for (const DmarcResult result :
         {DmarcResult::Fail, DmarcResult::TempError, DmarcResult::PermError, DmarcResult::None}) {
        SCOPED_TRACE(auth::word(result));
        auth_.dmarc->result = result;
        auth_.dmarc->overridden = true;
        auth_.dkim = {partial};
        EXPECT_THAT(words(said("a@partner.example")), ElementsAre("ALLOW_IGNORED"));
        EXPECT_FALSE(used("partner.example"));
    }
    auth_.dmarc.reset();
    EXPECT_THAT(words(said("a@partner.example")), ElementsAre("ALLOW_IGNORED")) << "not looked at";
}

TEST_F(Allowed, WithoutARecordTheDomainsOwnSignatureProves) {
    auth_.dmarc->result = DmarcResult::None;
    auth_.dkim.resize(1);
    auth_.dkim[0].result = auth::DkimResult::Pass;
    for (const auto& [domain, counts] :
         {std::pair{"partner.example", true}, std::pair{"else.example", false}}) {
        auth_.dkim[0].domain = domain;
        EXPECT_THAT(words(said("a@partner.example")),
                    ElementsAre(counts ? "SENDER_ALLOWED" : "ALLOW_IGNORED"));
    }
}

TEST_F(Allowed, AFromThatCanBeReadInTwoWaysIsNobody) {
    more_ = "From: b@partner.example\r\n";
    EXPECT_TRUE(said("a@partner.example").empty());
}

TEST_F(Allowed, AnEntryWhoseTimeIsOverIsTold) {
    EXPECT_THAT(words(said("a@over.example")), ElementsAre("ALLOW_IGNORED"));
    EXPECT_FALSE(used("over.example"));
}

TEST_F(Allowed, ATrustedAddressNeedsNoPointsButItsUseIsNoted) {
    EXPECT_TRUE(said("a@stranger.example", "203.0.113.9").empty());
    EXPECT_TRUE(used("203.0.113.0/24"));
}

}  // namespace
}  // namespace postern::checks
