/// @file Ambiguities that published attacks on sender authentication live from: nothing passes for
/// what is not signed.

#include <gtest/gtest.h>

#include <string>

#include "gateway/auth/dkim/signer.hpp"
#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"

namespace postern::auth::dkim {
namespace {

using namespace std::string_literals;
using tests::kNow;
using tests::replaced;
using tests::signed_with;

const std::string kHeader =
    "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n"
    "Content-Type: text/plain\r\n\r\n";
const std::string kBody = "Hello, world.\r\n";
/// Signs each field once: what careless signers do.
const std::string kTags =
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from:to:subject:content-type; "
    "bh=BH";

/// Whether a signature speaks for its domain.
bool passes(const std::string& message, const arc::IntakeLimits& limits = {}) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    for (const Dkim& each : tests::verify_text(message, dns, kNow, limits).dkim) {
        if (authenticates(each)) return true;
    }
    return false;
}

Dkim result_of(const std::string& message) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    return tests::verify_text(message, dns, kNow).dkim.at(0);
}

std::string carelessly_signed() {
    return signed_with(tests::rsa_key(), kTags, kHeader, kBody);
}

TEST(DkimAttacks, FieldsAddedToACarelessSignature) {
    const std::string message = carelessly_signed();
    ASSERT_TRUE(passes(message));
    struct Case {
        const char* title;
        std::string added;
    };
    const Case cases[] = {
        {"second From", "From: ceo@example.org\r\n"},
        {"second From, other case", "fROM: ceo@example.org\r\n"},
        {"second From, blank before the colon", "From : ceo@example.org\r\n"},
        {"second From, tab before the colon", "From\t: ceo@example.org\r\n"},
        {"second From behind a bare LF", "X: y\nFrom: ceo@example.org\r\n"},
        {"second From after a line without colon", "nonsense\r\nFrom: ceo@example.org\r\n"},
        {"second Subject", "Subject: pay now\r\n"},
        {"second Content-Type", "Content-Type: text/html; boundary=x\r\n"},
    };
    for (const Case& c : cases) {
        EXPECT_FALSE(passes(c.added + message)) << c.title;
        // At the bottom it takes the place of the signed one.
        const std::string below =
            replaced(message, "\r\n\r\n" + kBody, "\r\n" + c.added + "\r\n" + kBody);
        EXPECT_FALSE(passes(below)) << c.title << ", at the bottom";
    }
}

TEST(DkimAttacks, WhatAValidSignatureLeavesOutIsToldAndDoesNotCount) {
    const std::string short_tags = replaced(kTags, "s=s", "s=s; l=15");
    const std::string partly = signed_with(tests::rsa_key(), short_tags, kHeader, kBody);
    struct Case {
        const char* title;
        std::string message;
        DkimResult result;
        const char* left_out;
    };
    const Case cases[] = {
        {"nothing", carelessly_signed(), DkimResult::Pass, ""},
        {"nothing behind l=", partly, DkimResult::Pass, ""},
        {"bytes behind l=", partly + "more\r\n", DkimResult::Pass,
         "only 15 of 21 bytes are signed (l=)"},
        {"a second Subject", "Subject: pay\r\n" + carelessly_signed(), DkimResult::Pass,
         "more subject fields than are signed"},
        {"both", "Subject: pay\r\n" + partly + "more\r\n", DkimResult::Pass,
         "more subject fields than are signed; only 15 of 21 bytes are signed (l=)"},
        {"a second From", "From: ceo@example.org\r\n" + carelessly_signed(), DkimResult::Policy,
         "more from fields than are signed"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const Dkim result = result_of(c.message);
        EXPECT_EQ(result.result, c.result) << result.detail;
        EXPECT_EQ(result.left_out, c.left_out);
        EXPECT_EQ(authenticates(result), result.left_out.empty());
        EXPECT_EQ(told(result), authenticates(result) ? DkimResult::Pass : DkimResult::Policy);
    }
}

TEST(DkimAttacks, WhoWantsDuplicatesGetsThemButNeverOfFrom) {
    const std::string message = carelessly_signed();
    arc::IntakeLimits limits;
    limits.dkim.accept_unsigned_duplicates = true;
    EXPECT_TRUE(passes("Subject: pay now\r\n" + message, limits));
    EXPECT_FALSE(passes("From: ceo@example.org\r\n" + message, limits));
}

TEST(DkimAttacks, NamesThatOnlyLookLikeFrom) {
    // They are no From field: the signature stands, and whoever reads From sees the signed one.
    const std::string message = carelessly_signed();
    for (const std::string& added : {"From\0: x@example.org\r\n"s, "From\x01: x@example.org\r\n"s,
                                     "\xef\xbb\xbf"
                                     "From: x\r\n"s,
                                     "X-From: x@example.org\r\n"s}) {
        EXPECT_TRUE(passes(added + message)) << added;
        const std::string changed = added + message;
        EXPECT_NE(
            mail::HeaderBlock(changed).flaws() & (mail::kBadName | mail::kEightBit | mail::kNul),
            added.starts_with("X-") ? 1 : 0);
    }
}

TEST(DkimAttacks, SignedFieldsCannotBeMovedIntoTheBody) {
    const std::string message = carelessly_signed();
    for (const char* cut : {"\r\nTo: ", "\r\nSubject: ", "\r\nContent-Type: "}) {
        EXPECT_FALSE(passes(replaced(message, cut, "\r\n"s + cut))) << cut;
        EXPECT_FALSE(passes(replaced(message, cut, "\n"s + cut))) << cut;
    }
}

TEST(DkimAttacks, AppendingBehindLength) {
    for (const char* length : {"0", "5", "15"}) {
        const std::string tags = replaced(kTags, "s=s", "s=s; l="s + length);
        const std::string message = signed_with(tests::rsa_key(), tags, kHeader, kBody);
        EXPECT_EQ(passes(message), length == "15"s) << length;
        EXPECT_FALSE(passes(message + "Pay to another account.\r\n")) << length;
    }
}

TEST(DkimAttacks, DomainsThatProgramsReadDifferently) {
    struct Case {
        const char* title;
        const char* domain;
        bool passes;
    };
    const Case cases[] = {
        {"twice", "example.org; d=example.net", false},
        {"final dot", "example.org.", false},
        {"leading dot", ".example.org", false},
        {"at sign", "example.org@example.net", false},
        {"comment", "example.org (x)", false},
        {"quotes", "\"example.org\"", false},
        {"literal", "[192.0.2.1]", false},
        {"blank inside", "example.org .evil.example", false},
        {"fold inside", "example.\r\n\torg", false},
        {"slash", "example.org/..", false},
        {"wildcard", "*.example.org", false},
        {"public suffix", "org", false},
        {"too long a label",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org", false},
        {"U-labels (RFC 8616)",
         "b\xc3\xbc"
         "cher.example",
         true},
        {"A-labels", "xn--bcher-kva.example", true},
        {"bytes that are no UTF-8",
         "b\xfc"
         "cher.example",
         false},
        {"a full stop of another script at the end", "example.org\xe3\x80\x82", false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const std::string tags = replaced(kTags, "d=example.org", "d="s + c.domain);
        tests::FakeResolver dns;
        tests::publish_keys(dns);
        tests::publish_keys(dns, "xn--bcher-kva.example");
        tests::publish_keys(dns, "org");
        const auto results =
            tests::verify_text(signed_with(tests::rsa_key(), tags, kHeader, kBody), dns, kNow).dkim;
        ASSERT_EQ(results.size(), 1U);
        EXPECT_EQ(results[0].result == DkimResult::Pass, c.passes) << results[0].detail;
        if (c.passes) {
            EXPECT_EQ(results[0].domain, "xn--bcher-kva.example");
        }
    }
}

/// The selector is a name below _domainkey: it must not climb out of it, nor hide what it is.
TEST(DkimAttacks, SelectorsThatAreNoNames) {
    for (const char* selector :
         {"s._domainkey.example.org.x", "s.", ".s", "s..s", "s\\.x", "s\x01", "@", "s _x"}) {
        const std::string tags = replaced(kTags, "s=s", "s="s + selector);
        EXPECT_FALSE(passes(signed_with(tests::rsa_key(), tags, kHeader, kBody))) << selector;
    }
}

/// A key that stands behind an alias is still the key of the domain that was asked: aliases are its
/// owner's. What counts is d=, never the name at the end of the alias.
TEST(DkimAttacks, AliasedKeysAuthenticateTheDomainThatWasAsked) {
    tests::FakeResolver dns;
    dns::Answer answer;
    answer.status = dns::Status::Found;
    answer.texts = {tests::rsa_key().record()};
    dns.put("s._domainkey.example.org", dns::RecordType::Txt, answer);
    const auto results = tests::verify_text(carelessly_signed(), dns, kNow).dkim;
    EXPECT_EQ(results[0].result, DkimResult::Pass);
    EXPECT_EQ(results[0].domain, "example.org");
    ASSERT_EQ(dns.asked().size(), 1U);
    EXPECT_EQ(dns.asked()[0].name, "s._domainkey.example.org");
}

TEST(DkimAttacks, AForeignSignatureNeverSpeaksForAnother) {
    // The attacker's own signature passes, for the attacker's domain.
    const std::string tags = replaced(kTags, "d=example.org", "d=evil.example");
    tests::FakeResolver dns;
    tests::publish_keys(dns, "evil.example");
    const auto results =
        tests::verify_text(signed_with(tests::rsa_key(), tags, kHeader, kBody), dns, kNow).dkim;
    EXPECT_EQ(results[0].result, DkimResult::Pass);
    EXPECT_EQ(results[0].domain, "evil.example");
    EXPECT_EQ(results[0].identity, "@evil.example");
}

TEST(DkimAttacks, SignatureFieldsThatStartElsewhere) {
    const std::string message = carelessly_signed();
    // A blank in front makes it part of nothing.
    EXPECT_FALSE(passes(" " + message));
    EXPECT_FALSE(passes("X" + message));
    EXPECT_TRUE(passes("X: y\r\n" + message));
    EXPECT_FALSE(passes("X: y\r\n " + message)) << "folded into another field";
}

}  // namespace
}  // namespace postern::auth::dkim
