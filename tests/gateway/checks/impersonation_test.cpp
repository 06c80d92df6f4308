#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/state/contacts.hpp"
#include "tests/gateway/checks/bench_of_checks.hpp"

namespace postern::checks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::words;

/// A mail from outside with what its header shows.
class Impersonation : public testing::Test {
protected:
    Impersonation() {
        bench_.settings.accept_domains = {"example.org"};
        bench_.settings.lists.people = {"Jane Doe <jane@home.example>", "Max Mustermann"};
        bench_.settings.lists.partners = {"partner-bank.com"};
    }

    std::vector<std::string> said(std::string_view check, const std::string& address,
                                  const std::string& name = {}, const std::string& reply_to = {}) {
        report_.message.from = {address};
        report_.message.from_names = {name};
        report_.message.reply_to.clear();
        if (!reply_to.empty()) report_.message.reply_to = {reply_to};
        Facts facts = tests::ordinary();
        facts.sender->reverse_path = path_;
        facts.message.emplace();
        facts.message->report = &report_;
        facts.message->auth = auth_;
        facts.message->recipients = {tests::mailbox("bo@example.org")};
        return words(bench_.say(tests::check(check), facts));
    }

    tests::Bench bench_;
    analyzers::Report report_;
    auth::Results auth_;
    mail::ReversePath path_ = tests::mailbox("bounce@sender.example");
};

TEST_F(Impersonation, ANameThatIsAnAddressOfSomebodyElse) {
    const struct {
        const char* name;
        const char* address;
        bool found;
    } cases[] = {
        {"boss@example.org", "thief@elsewhere.example", true},
        {"The Boss (boss@example.org)", "thief@elsewhere.example", true},
        {"boss@mail.example.org", "boss@example.org", false},
        {"thief@elsewhere.example", "thief@elsewhere.example", false},
        {"Boss @ Example", "thief@elsewhere.example", false},
        {"@handle", "thief@elsewhere.example", false},
        {"boss@example", "thief@elsewhere.example", false},
        {"", "thief@elsewhere.example", false},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(!said("display_name", each.address, each.name).empty(), each.found) << each.name;
    }
}

TEST_F(Impersonation, OurPeopleWriteFromTheirOwnAddresses) {
    EXPECT_THAT(said("people", "x@elsewhere.example", "Jane Doe"),
                ElementsAre("PEOPLE_IMPERSONATED"));
    EXPECT_THAT(said("people", "x@elsewhere.example", "DOE, J\xD0\xB0ne"),
                ElementsAre("PEOPLE_IMPERSONATED"));
    EXPECT_THAT(said("people", "Jane@home.example", "Jane Doe"), IsEmpty());
    EXPECT_THAT(said("people", "max@home.example", "Max Mustermann"),
                ElementsAre("PEOPLE_IMPERSONATED"));
    EXPECT_THAT(said("people", "x@elsewhere.example", "Jane"), IsEmpty());
    EXPECT_THAT(said("people", "x@elsewhere.example", "Jane Roe"), IsEmpty());
    // Our own domain is worth as much as its proof.
    EXPECT_THAT(said("people", "jane@example.org", "Jane Doe"), ElementsAre("PEOPLE_IMPERSONATED"));
    auth_.dmarc.emplace();
    auth_.dmarc->result = auth::DmarcResult::Pass;
    EXPECT_THAT(said("people", "jane@example.org", "Jane Doe"), IsEmpty());
    EXPECT_THAT(said("people", "x@elsewhere.example", "Jane Doe"),
                ElementsAre("PEOPLE_IMPERSONATED"));
}

TEST_F(Impersonation, DomainsThatPassForOursOrAPartners) {
    EXPECT_THAT(said("look_alike", "a@example.org"), IsEmpty());
    EXPECT_THAT(said("look_alike", "a@sub.example.org"), IsEmpty());
    EXPECT_THAT(said("look_alike", "a@examp1e.org"), ElementsAre("LOOKALIKE_DOMAIN"));
    EXPECT_THAT(said("look_alike", "a@mail.xn--exmple-4nf.org"), ElementsAre("LOOKALIKE_DOMAIN"));
    EXPECT_THAT(said("look_alike", "a@partnerbank.com"), ElementsAre("LOOKALIKE_DOMAIN"));
    EXPECT_THAT(said("look_alike", "a@example-billing.com"), ElementsAre("LOOKALIKE_DOMAIN_WEAK"));
    EXPECT_THAT(said("look_alike", "a@other.net"), IsEmpty());
    EXPECT_THAT(said("look_alike", "a@other.net", "", "a@exarnple.org"),
                ElementsAre("LOOKALIKE_DOMAIN"));
    path_ = tests::mailbox("bounce@exampel.org");
    EXPECT_THAT(said("look_alike", "a@other.net"), ElementsAre("LOOKALIKE_DOMAIN"));
    path_ = std::nullopt;
    EXPECT_THAT(said("look_alike", "no address"), IsEmpty());
}

TEST_F(Impersonation, OurDomainFromOutsideNeedsProof) {
    EXPECT_THAT(said("own_domain", "a@example.org"), IsEmpty()) << "nobody has looked";
    auth_.spf.emplace();
    auth_.spf->result = auth::SpfResult::Pass;
    auth_.spf->domain = "elsewhere.example";
    EXPECT_THAT(said("own_domain", "a@example.org"), ElementsAre("OWN_DOMAIN_UNPROVEN"));
    EXPECT_THAT(said("own_domain", "a@other.net"), IsEmpty());
    auth_.spf->domain = "mail.example.org";
    EXPECT_THAT(said("own_domain", "a@example.org"), IsEmpty());
    auth_.spf->result = auth::SpfResult::TempError;
    auth_.dmarc.emplace();
    auth_.dmarc->result = auth::DmarcResult::TempError;
    EXPECT_THAT(said("own_domain", "a@example.org"), ElementsAre("CHECK_UNDECIDED"));
}

TEST_F(Impersonation, RepliesAndBouncesThatGoElsewhere) {
    EXPECT_THAT(said("divergence", "a@sender.example"), IsEmpty());
    EXPECT_THAT(said("divergence", "a@sender.example", "", "a@mail.sender.example"), IsEmpty());
    EXPECT_THAT(said("divergence", "a@sender.example", "", "a@other.net"),
                ElementsAre("REPLY_TO_DIVERGES"));
    EXPECT_THAT(said("divergence", "a@sender.example", "", "a@gmail.com"),
                ElementsAre("REPLY_TO_FREE_MAIL"));
    EXPECT_THAT(said("divergence", "a@outlook.com", "", "a@gmail.com"),
                ElementsAre("REPLY_TO_DIVERGES", "RETURN_PATH_DIVERGES"));
}

TEST_F(Impersonation, TheFirstMailOfAnAuthorIsSaidToBeIt) {
    EXPECT_THAT(said("first_contact", "a@sender.example"), ElementsAre("FIRST_CONTACT"));
    const state::Contacts contacts(bench_.state, {});
    ASSERT_TRUE(contacts.note("a@sender.example", tests::mailbox("bo@example.org"), bench_.now));
    EXPECT_THAT(said("first_contact", "A@Sender.example"), IsEmpty());
    EXPECT_THAT(said("first_contact", "b@sender.example"), ElementsAre("FIRST_CONTACT"));
}

}  // namespace
}  // namespace postern::checks
