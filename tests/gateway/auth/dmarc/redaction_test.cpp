#include "gateway/auth/dmarc/report/redaction.hpp"

#include <gtest/gtest.h>

namespace postern::auth::dmarc {
namespace {

/// Hides everything but addresses of asks.example; bob@dest.example and eve@asks.example were
/// written to.
Redactor redactor(const std::string& key = "key") {
    return {key, "asks.example", {"bob@dest.example", "Eve@asks.example"}};
}

std::string name_of(const char* local, const char* domain = "dest.example") {
    const std::string address = redactor().hidden(local, domain);
    return address.substr(0, address.find('@'));
}

struct Case {
    std::string title;
    std::string header;
    std::string told;
};

TEST(Redaction, HidesWhoIsNotOfTheOrganizationAndWhoWasWrittenTo) {
    const std::string bob = name_of("bob");
    const Case kCases[] = {
        {"the author stays", "From: Alice <alice@asks.example>\r\n",
         "From: Alice <alice@asks.example>\r\n"},
        {"so does a subdomain", "Sender: <a@m.ASKS.example>\r\n", "Sender: <a@m.ASKS.example>\r\n"},
        {"not what only ends like it", "Sender: <a@tasks.example>\r\n",
         "Sender: <" + name_of("a", "tasks.example") + "@tasks.example>\r\n"},
        {"recipients without their names",
         "to: Bob <bob@dest.example>,\r\n \"X, Y\" <BOB@dest.example>\r\n",
         "to: <" + bob + "@dest.example>,\r\n <" + bob + "@dest.example>\r\n"},
        {"recipients of the organization too", "Cc: eve@asks.example\r\n",
         "Cc: <" + name_of("eve", "asks.example") + "@asks.example>\r\n"},
        {"and where they stand elsewhere", "Subject: eve@asks.example\r\n",
         "Subject: " + name_of("eve", "asks.example") + "@asks.example\r\n"},
        {"no address", "Bcc: undisclosed (bob)\r\n", "Bcc: [redacted]\r\n"},
        {"Received", "Received: from x by y\r\n for <bob@dest.example>; Mon\r\n",
         "Received: from x by y\r\n for <" + bob + "@dest.example>; Mon\r\n"},
        {"quoted", "Errors-To: \"b \\\" ob\"@dest.example\r\n",
         "Errors-To: " + name_of("\"b \\\" ob\"") + "@dest.example\r\n"},
        {"blanks around the sign", "Reply-To: bob\r\n @ dest.example\r\n",
         "Reply-To: " + bob + "\r\n @ dest.example\r\n"},
        {"address literal", "Reply-To: bob@[192.0.2.1]\r\n",
         "Reply-To: " + name_of("bob", "[192.0.2.1]") + "@[192.0.2.1]\r\n"},
        {"URI", "X-Link: <https:x?bob%40dest.example>\r\n",
         "X-Link: <https:" + name_of("x?bob") + "%40dest.example>\r\n"},
        {"VERP in an address of the organization",
         "Return-Path: <list-BOB=dest.example@asks.example>\r\n",
         "Return-Path: <list-" + bob + "=dest.example@asks.example>\r\n"},
        {"a tag is no part of an address", "DKIM-Signature: i=bob@dest.example; d=dest.example\r\n",
         "DKIM-Signature: i=" + bob + "@dest.example; d=dest.example\r\n"},
        {"Message-ID stays", "Message-ID: <1@elsewhere.example>\r\n",
         "Message-ID: <1@elsewhere.example>\r\n"},
        {"who could act for the recipient", "List-Unsubscribe: <https://x/?token=1>\r\n",
         "List-Unsubscribe: [redacted]\r\n"},
        {"no field", "bob@dest.example\r\n", bob + "@dest.example\r\n"},
        {"two signs", "X: a@b@dest.example\r\n",
         "X: " + name_of("a", "b") + "@" + name_of("b") + "@dest.example\r\n"},
        {"nothing in front", "X: @dest.example\r\n", "X: @dest.example\r\n"},
        {"nothing behind", "X: bob@\r\n", "X: bob@\r\n"},
        {"the body is not looked at", "A: 1\r\n\r\nbody\r\n", "A: 1\r\n"},
    };
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(redactor().header(c.header), c.told);
    }
}

TEST(Redaction, TheSameAddressIsSeenToBeTheSameByOneReaderWithOneKey) {
    EXPECT_EQ(redactor().text("Bob@Dest.example").substr(0, 16),
              redactor().text("bob@dest.example").substr(0, 16));
    EXPECT_NE(name_of("bob"), name_of("rob"));
    EXPECT_NE(name_of("bob"), name_of("bob", "other.example"));
    EXPECT_NE(redactor("key").text("bob@dest.example"), redactor("other").text("bob@dest.example"));
    EXPECT_NE(redactor().text("bob@dest.example"),
              Redactor("key", "else.example", {}).text("bob@dest.example"));
}

TEST(Redaction, KeyedHashIsThatOfRfc4231) {
    EXPECT_EQ(keyed_hash("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/// Whatever stands around it, a recipient's local part is not told.
TEST(Redaction, NoHostileBlockTellsTheRecipient) {
    const std::string pieces[] = {"bob@dest.example",
                                  "\"",
                                  "\\",
                                  "<",
                                  "@",
                                  "%40",
                                  "=40",
                                  "=",
                                  "\r\n ",
                                  " ",
                                  ":",
                                  "[",
                                  "]",
                                  ",",
                                  "(",
                                  "\r\n",
                                  "To: ",
                                  "i=",
                                  "\n",
                                  "From",
                                  "\xc3\xa9",
                                  std::string(1, '\0')};
    constexpr std::size_t kPieces = std::size(pieces);
    for (std::size_t i = 0; i < kPieces * kPieces * kPieces; ++i) {
        const std::string block = "X: " + pieces[i % kPieces] + pieces[i / kPieces % kPieces] +
                                  " bob@dest.example" + pieces[i / kPieces / kPieces] + "\r\n";
        const std::string told = redactor().header(block);
        ASSERT_EQ(told.find("bob@dest"), std::string::npos) << block << "\n" << told;
        ASSERT_EQ(told.find("bob "), std::string::npos) << block << "\n" << told;
    }
}

}  // namespace
}  // namespace postern::auth::dmarc
