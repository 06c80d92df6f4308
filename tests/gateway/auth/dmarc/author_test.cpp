#include "gateway/auth/dmarc/author.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::auth::dmarc {
namespace {

using enum AuthorError;

struct AuthorCase {
    const char* title;
    std::string header;
    const char* want;  ///< null: `error`
    AuthorError error = NoFrom;
};

const AuthorCase kAuthors[] = {
    {"plain", "From: a@Example.org\r\n", "example.org"},
    {"any case, blank before the colon", "fROM : a@b.org\r\n", "b.org"},
    {"folded", "From:\r\n Joe\r\n <a@b.org>\r\n", "b.org"},
    {"several of one domain", "From: a@b.org, c@B.org\r\n", "b.org"},
    {"group", "From: Team: a@b.org;\r\n", "b.org"},
    {"U-label", "From: a@b\xc3\xbc.org\r\n", "xn--b-eha.org"},
    {"U-label and A-label are one", "From: a@b\xc3\xbc.org, c@xn--b-eha.org\r\n", "xn--b-eha.org"},
    {"Resent-From is another field", "Resent-From: x@y.org\r\nFrom: a@b.org\r\n", "b.org"},
    {"fold that begins with From", "Subject: x\r\n From: y@z.org\r\nFrom: a@b.org\r\n", "b.org"},
    {"none", "To: a@b.org\r\n", nullptr, NoFrom},
    {"two", "From: a@b.org\r\nFrom: a@b.org\r\n", nullptr, SeveralFrom},
    {"first line begins with a blank", " From: x@y.org\r\nFrom: a@b.org\r\n", nullptr, SeveralFrom},
    {"name folded before its colon", "From\r\n : x@y.org\r\nFrom: a@b.org\r\n", nullptr,
     SeveralFrom},
    {"name with a NUL", std::string("Fr\0om: x@y.org\r\nFrom: a@b.org\r\n", 30), nullptr,
     SeveralFrom},
    {"the only one is folded before its colon", "From\r\n : x@y.org\r\n", nullptr, BadFrom},
    {"different domains", "From: a@b.org, c@d.org\r\n", nullptr, SeveralDomains},
    {"a subdomain is another domain", "From: a@b.org, c@x.b.org\r\n", nullptr, SeveralDomains},
    {"empty group", "From: nobody:;\r\n", nullptr, NoAddress},
    {"empty", "From:\r\n", nullptr, NoAddress},
    {"no address", "From: Joe\r\n", nullptr, BadFrom},
    {"literal", "From: a@[192.0.2.1]\r\n", nullptr, BadFrom},
    {"no domain name", "From: a@b!c.org\r\n", nullptr, BadFrom},
    {"route", "From: <@victim.org:a@attacker.org>\r\n", nullptr, BadFrom},
    {"blank in the domain", "From: a@victim.org .attacker.org\r\n", nullptr, BadFrom},
    {"comment in the domain", "From: a@victim.org(.attacker.org)\r\n", "victim.org"},
    {"text behind the bracket", "From: <a@attacker.org>b@victim.org\r\n", nullptr, BadFrom},
};

TEST(AuthorDomain, IsTheOneEveryProgramShows) {
    for (const AuthorCase& c : kAuthors) {
        SCOPED_TRACE(c.title);
        const std::string block = c.header + "\r\n";
        const mail::HeaderBlock header(block);
        const auto author = author_domain(header);
        ASSERT_EQ(author.has_value(), c.want != nullptr) << (author ? *author : "");
        if (author) {
            EXPECT_EQ(*author, c.want);
        } else {
            EXPECT_EQ(author.error(), c.error) << sentence(author.error());
        }
    }
}

}  // namespace
}  // namespace postern::auth::dmarc
