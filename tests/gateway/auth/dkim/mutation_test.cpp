/// @file One byte changed anywhere: never a pass, unless the canonical form is the same.

#include <gtest/gtest.h>

#include <string>

#include "gateway/auth/dkim/signer.hpp"
#include "gateway/auth/dkim/tag_list.hpp"
#include "tests/support/auth/signed_mail.hpp"
#include "tests/support/auth/verify_text.hpp"

namespace postern::auth::dkim {
namespace {

using tests::kNow;

const std::string kMessage =
    "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello, world.\r\nBye.\r\n";

std::string signed_simply(const PrivateKey& key, const std::string& selector) {
    std::vector<SigningKey> keys;
    keys.push_back({"example.org", selector, PrivateKey::parse(key.pem()).value()});
    SigningRules rules;
    rules.header = rules.body = Canonicalization::Simple;
    return Signer(std::move(keys), rules).sign_message(kMessage, "example.org", kNow);
}

bool passes(const std::string& message, tests::FakeResolver& dns) {
    for (const Dkim& each :
         tests::verify_text(message, dns, kNow, {}, arc::LineEnds::AsOnTheWire).dkim) {
        if (each.result == DkimResult::Pass) return true;
    }
    return false;
}

/// Where a change does not change what is signed: the value of b= holds the same bytes.
bool means_the_same(const std::string& message, const std::string& other) {
    const std::size_t begin = message.find("b=", message.find("bh=") + 3) + 2;
    const std::size_t end = message.find("\r\nFrom: ");
    const std::string rest = message.substr(end);
    if (!other.starts_with(message.substr(0, begin)) || !other.ends_with(rest)) return false;
    const auto value = base64_value(other.substr(begin, other.size() - rest.size() - begin));
    return value && value == base64_value(message.substr(begin, end - begin));
}

/// The empty line is signed by nobody: without its CR it still ends the header.
bool is_empty_line(const std::string& message, std::size_t at) {
    return at == message.find("\r\n\r\n") + 2;
}

void change_each_byte(const PrivateKey& key, const std::string& selector) {
    tests::FakeResolver dns;
    tests::publish_keys(dns);
    const std::string message = signed_simply(key, selector);
    ASSERT_TRUE(passes(message, dns));
    for (std::size_t at = 0; at < message.size(); ++at) {
        for (const unsigned flip : {1U, 4U, 32U, 128U}) {
            std::string other = message;
            other[at] = static_cast<char>(static_cast<unsigned char>(other[at]) ^ flip);
            if (means_the_same(message, other)) continue;
            EXPECT_FALSE(passes(other, dns)) << "byte " << at << ", " << flip << ": " << other;
        }
        std::string shorter = message;
        shorter.erase(at, 1);
        if (!is_empty_line(message, at) && !means_the_same(message, shorter)) {
            EXPECT_FALSE(passes(shorter, dns)) << "without byte " << at << ": " << shorter;
        }
    }
}

TEST(DkimMutation, RsaMessage) {
    change_each_byte(tests::rsa_key(), "s");
}

TEST(DkimMutation, Ed25519Message) {
    change_each_byte(tests::ed25519_key(), "e");
}

TEST(DkimMutation, Key) {
    const std::string message = signed_simply(tests::ed25519_key(), "e");
    const std::string record = tests::ed25519_key().record();
    const std::size_t key = record.find("p=") + 2;
    // Not the v: "A=DKIM1" is a tag that nobody knows, and v= may be missing.
    for (std::size_t at = 1; at < record.size(); ++at) {
        std::string other = record;
        other[at] = other[at] == 'A' ? 'B' : 'A';
        // The last digit may have bits that belong to no byte.
        const bool same = base64_value(other.substr(key)) == base64_value(record.substr(key));
        if (at >= key && same) continue;
        tests::FakeResolver dns;
        dns.txt("e._domainkey.example.org", {other});
        EXPECT_FALSE(passes(message, dns)) << at << (at < key ? " before the key" : " in the key");
    }
}

}  // namespace
}  // namespace postern::auth::dkim
