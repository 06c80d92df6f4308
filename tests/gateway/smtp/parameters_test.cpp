/// @file Parameters that are passed on as text: what is refused is as important as what is taken.

#include <gtest/gtest.h>

#include "gateway/smtp/dsn_parameters.hpp"
#include "gateway/smtp/introduction.hpp"
#include "gateway/smtp/mail_arguments.hpp"
#include "gateway/smtp/xtext.hpp"

namespace postern::smtp {
namespace {

struct TextCase {
    std::string value;
    const char* want;  ///< null: refused
};
void check(const TextCase& c, const std::optional<std::string>& got) {
    SCOPED_TRACE(c.value);
    ASSERT_EQ(got.has_value(), c.want != nullptr);
    if (got) {
        EXPECT_EQ(*got, c.want);
    }
}

TEST(Xtext, IsReadStrictly) {
    const TextCase cases[] = {{"", ""},
                              {"abc", "abc"},
                              {"a+2Bb", "a+b"},
                              {"+00", ""},  // one NUL: compared as a C string
                              {"a+", nullptr},
                              {"a+2", nullptr},
                              {"a+2b", nullptr},
                              {"a+GG", nullptr},
                              {"a=b", nullptr},
                              {"a b", nullptr},
                              {"\xc3\xa4", nullptr},
                              {"\x7f", nullptr}};
    for (const TextCase& c : cases) {
        auto got = decode_xtext(c.value);
        if (got == std::string(1, '\0')) got = "";
        check(c, got);
    }
}

TEST(DsnParameters, Return) {
    for (const TextCase& c : {TextCase{"FULL", "FULL"},
                              {"hdrs", "HDRS"},
                              {"", nullptr},
                              {"FULL,HDRS", nullptr},
                              {"BODY", nullptr}}) {
        check(c, parse_dsn_return(c.value));
    }
}

TEST(DsnParameters, Envelope) {
    const std::string longest(100, 'x');
    const TextCase cases[] = {
        {"QQ314159", "QQ314159"}, {"a+20b", "a+20b"}, {longest, longest.c_str()},
        {longest + "x", nullptr}, {"", nullptr},      {"a+0Ab", nullptr},
        {"a+FFb", nullptr},       {"a=b", nullptr}};
    for (const TextCase& c : cases) check(c, parse_dsn_envelope(c.value));
}

TEST(DsnParameters, Notify) {
    const TextCase cases[] = {
        {"NEVER", "NEVER"},       {"success,Failure,DELAY", "SUCCESS,FAILURE,DELAY"},
        {"DELAY", "DELAY"},       {"", nullptr},
        {"NEVER,DELAY", nullptr}, {"DELAY,NEVER", nullptr},
        {"DELAY,DELAY", nullptr}, {"DELAY,", nullptr},
        {",DELAY", nullptr},      {"ALWAYS", nullptr}};
    for (const TextCase& c : cases) check(c, parse_dsn_notify(c.value));
}

TEST(DsnParameters, OriginalRecipient) {
    const std::string longest = "rfc822;" + std::string(493, 'x');
    const TextCase cases[] = {{"rfc822;b@c.example", "rfc822;b@c.example"},
                              {"rfc822;b+2Btag@c.example", "rfc822;b+2Btag@c.example"},
                              {"X-LOCAL;5", "X-LOCAL;5"},
                              {longest, longest.c_str()},
                              {longest + "x", nullptr},
                              {"b@c.example", nullptr},
                              {";b@c.example", nullptr},
                              {"rfc822;", nullptr},
                              {"rfc 822;b", nullptr},
                              {"rfc822;b+0D+0AQUIT", nullptr},
                              {"rfc822;b+tag@c.example", nullptr},
                              {"rfc822;\xc3\xbc@c.example", nullptr},
                              {"utf-8;\\x{FC}@c.example", "utf-8;\\x{FC}@c.example"},
                              {"utf-8;\\x{}@c.example", nullptr},
                              {"utf-8;\\x{1234567}@c.example", nullptr},
                              {"utf-8;\\@c.example", nullptr},
                              {"utf-8;\xc3\xbc@c.example", nullptr}};
    for (const TextCase& c : cases) check(c, parse_dsn_original(c.value, false));
    const TextCase international[] = {{"utf-8;\xc3\xbc@c.example", "utf-8;\xc3\xbc@c.example"},
                                      {"utf-8;\xc3@c.example", nullptr},
                                      {"rfc822;\xc3\xbc@c.example", nullptr}};
    for (const TextCase& c : international) check(c, parse_dsn_original(c.value, true));
}

TEST(MailArguments, KeepDsnParameters) {
    const auto mail =
        parse_mail("<a@c.example> ret=hdrs ENVID=QQ1 PRDR", {.extended = true, .max_size = 10});
    ASSERT_TRUE(mail);
    EXPECT_EQ(mail->dsn_return, "HDRS");
    EXPECT_EQ(mail->dsn_envelope, "QQ1");
    EXPECT_TRUE(mail->prdr);
    const auto rcpt = parse_rcpt("<b@c.example> ORCPT=rfc822;x@y NOTIFY=delay", {});
    ASSERT_TRUE(rcpt);
    EXPECT_EQ(rcpt->dsn_notify, "DELAY");
    EXPECT_EQ(rcpt->dsn_original, "rfc822;x@y");
    EXPECT_EQ(mail::path_text(rcpt->path), "b@c.example");
}

TEST(MailArguments, ParametersThatAreNotOfferedAreNotRecognized) {
    const MailRules plain{.extended = true, .max_size = 10, .dsn = false, .prdr = false};
    for (const char* argument : {"<a@c.example> RET=FULL", "<a@c.example> PRDR"}) {
        const auto mail = parse_mail(argument, plain);
        ASSERT_FALSE(mail) << argument;
        EXPECT_EQ(mail.error().code, 555);
    }
    EXPECT_FALSE(parse_rcpt("<b@c.example> NOTIFY=NEVER", {.extended = false}));
    EXPECT_FALSE(parse_rcpt("<b@c.example> NOTIFY=NEVER", {.extended = true, .dsn = false}));
}

struct XclientCase {
    const char* argument;
    bool taken;
};

TEST(Xclient, IsReadStrictly) {
    const std::string longest = "HELO=" + std::string(255, 'h');
    const std::string too_long = longest + "h";
    const XclientCase cases[] = {{"ADDR=192.0.2.7", true},
                                 {"addr=IPv6:2001:db8::7", true},
                                 {"ADDR=2001:db8::7", false},
                                 {"ADDR=IPV6:192.0.2.7", false},
                                 {"ADDR=", false},
                                 {"ADDR=192.0.2.7 ADDR=192.0.2.8", false},
                                 {"ADDR=[UNAVAILABLE]", true},
                                 {"PORT=0", true},
                                 {"PORT=65535", true},
                                 {"PORT=65536", false},
                                 {"PORT=-1", false},
                                 {"PORT=1x", false},
                                 {"PROTO=smtp", true},
                                 {"PROTO=LMTP", false},
                                 {"NAME=a+20b", false},
                                 {"NAME=a+2Bb", true},
                                 {"NAME=a+", false},
                                 {"NAME=+00", false},
                                 {"NAME", false},
                                 {"", false},
                                 {" ", false},
                                 {longest.c_str(), true},
                                 {too_long.c_str(), false},
                                 {"COLOUR=red", false}};
    for (const XclientCase& c : cases) {
        EXPECT_EQ(parse_xclient(c.argument).has_value(), c.taken) << c.argument;
    }
}

TEST(Xclient, TellsUnavailableFromUnknown) {
    const auto got = parse_xclient(
        "NAME=[TEMPUNAVAIL] HELO=[unavailable] LOGIN=u ADDR=192.0.2.7 PORT=25 PROTO=ESMTP "
        "DESTADDR=IPV6:2001:db8::1 DESTPORT=[UNAVAILABLE]");
    ASSERT_TRUE(got);
    using State = IntroducedText::State;
    EXPECT_EQ(got->name.state, State::TemporarilyUnavailable);
    EXPECT_EQ(got->helo.state, State::Unavailable);
    EXPECT_EQ(got->login, (IntroducedText{State::Said, "u"}));
    EXPECT_EQ(got->address->text(), "192.0.2.7");
    EXPECT_EQ(got->port, 25);
    EXPECT_EQ(got->extended, true);
    EXPECT_EQ(got->local_address->text(), "2001:db8::1");
    EXPECT_EQ(got->local_port, std::nullopt);
    EXPECT_EQ(parse_xclient("PORT=1")->name.state, State::NotSaid);
}

}  // namespace
}  // namespace postern::smtp
