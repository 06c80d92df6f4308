#include "gateway/auth/dmarc/report/failure_mail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "analyzers/base/quoted_printable.hpp"

namespace postern::auth::dmarc {
namespace {

const FailureMail kMail{"mx.example.org",    "auth.example.org", "Example",
                        "dmarc@example.org", "r@b.org",          "Tue, 02 Jun 2026 10:00:00 +0000",
                        "0123456789abcdef",  "v=spf1 -all"};

FailedMessage message() {
    FailedMessage made;
    made.policy_domain = "b.org";
    made.failures = {true, true, true, true};
    made.client_ip = "192.0.2.1";
    made.helo = "client.c.org";
    made.reverse_path = "alice@b.org";
    made.recipients = {"bob@d.org"};
    made.arrival = 1'780'000'000;
    made.header.block = "From: <alice@b.org>\r\nSubject: x\r\n";
    Spf& spf = made.results.spf.emplace();
    spf.result = SpfResult::Fail;
    spf.domain = "b.org";
    Dkim& dkim = made.results.dkim.emplace_back();
    dkim.result = DkimResult::Fail;
    dkim.domain = "b.org";
    dkim.selector = "s1";
    dkim.identity = "@b.org";
    Dmarc& dmarc = made.results.dmarc.emplace();
    dmarc.result = DmarcResult::Fail;
    dmarc.domain = dmarc.organizational_domain = dmarc.policy_domain = "b.org";
    dmarc.policy = DmarcPolicy::Reject;
    made.delivery = DeliveryResult::Reject;
    return made;
}

Redactor redactor() {
    return {"key", "b.org", {"bob@d.org"}};
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
    return found;
}

TEST(FailureMail, IsThatOfRfc9991) {
    EXPECT_EQ(
        failure_message(message(), kMail, redactor()),
        "From: <dmarc@example.org>\r\n"
        "To: <r@b.org>\r\n"
        "Date: Tue, 02 Jun 2026 10:00:00 +0000\r\n"
        "Subject: DMARC failure report for b.org\r\n"
        "Message-ID: <0123456789abcdef@mx.example.org>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=feedback-report;\r\n"
        " boundary=\"report-0123456789abcdef\"\r\n"
        "\r\n"
        "--report-0123456789abcdef\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "This is a DMARC failure report of Example.\r\n"
        "A message whose author is said to be at b.org\r\n"
        "came from 192.0.2.1 on Thu, 28 May 2026 20:26:40 +0000.\r\n"
        "Not authenticated: dkim, spf.\r\n"
        "\r\n"
        "The message itself is not enclosed, but its header fields. Local parts of addresses\r\n"
        "that are not of your organization, and of all recipients, are replaced by a keyed "
        "hash.\r\n"
        "\r\n"
        "--report-0123456789abcdef\r\n"
        "Content-Type: message/feedback-report\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Feedback-Type: auth-failure\r\n"
        "User-Agent: Postern\r\n"
        "Version: 1\r\n"
        "Original-Mail-From: <alice@b.org>\r\n"
        "Arrival-Date: Thu, 28 May 2026 20:26:40 +0000\r\n"
        "Source-IP: 192.0.2.1\r\n"
        "Reported-Domain: b.org\r\n"
        "Authentication-Results: auth.example.org;\r\n"
        "\tspf=fail smtp.mailfrom=alice@b.org;\r\n"
        "\tdkim=fail header.d=b.org header.s=s1 header.i=\"@b.org\";\r\n"
        "\tdmarc=fail header.from=b.org policy.dmarc=reject\r\n"
        "Auth-Failure: dmarc\r\n"
        "Identity-Alignment: dkim, spf\r\n"
        "DKIM-Domain: b.org\r\n"
        "DKIM-Identity: @b.org\r\n"
        "DKIM-Selector: s1\r\n"
        "SPF-DNS: txt : b.org : \"v=spf1 -all\"\r\n"
        "Delivery-Result: reject\r\n"
        "\r\n"
        "--report-0123456789abcdef\r\n"
        "Content-Type: text/rfc822-headers\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "From: <alice@b.org>\r\n"
        "Subject: x\r\n"
        "\r\n"
        "--report-0123456789abcdef--\r\n");
}

TEST(FailureMail, SaysWhatFailedAndWhatWasDone) {
    const struct {
        Failures failures;
        DeliveryResult delivery;
        const char* words;
    } kCases[] = {
        {{true, false, true, false},
         DeliveryResult::Policy,
         "Auth-Failure: dmarc\r\nIdentity-Alignment: dkim\r\n"},
        {{false, true, false, true},
         DeliveryResult::Delivered,
         "Auth-Failure: dmarc\r\nIdentity-Alignment: spf\r\n"},
        {{false, false, true, true},
         DeliveryResult::Delivered,
         "Auth-Failure: signature\r\nIdentity-Alignment: none\r\n"},
        {{false, false, false, true},
         DeliveryResult::Delivered,
         "Auth-Failure: spf\r\nIdentity-Alignment: none\r\n"},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.words);
        FailedMessage made = message();
        made.failures = c.failures;
        made.delivery = c.delivery;
        const std::string text = feedback_report(made, kMail, redactor());
        EXPECT_NE(text.find(c.words), std::string::npos) << text;
        EXPECT_NE(
            text.find(c.delivery == DeliveryResult::Policy ? "Delivery-Result: policy\r\n"
                                                           : "Delivery-Result: delivered\r\n"),
            std::string::npos);
    }
    FailedMessage cut = message();
    EXPECT_EQ(failure_message(cut, kMail, redactor()).find("Not all of its fields"),
              std::string::npos);
    cut.header.cut = true;
    EXPECT_NE(failure_message(cut, kMail, redactor()).find("Not all of its fields"),
              std::string::npos);
}

TEST(FailureMail, ASenderElsewhereIsHiddenWhereverItIsTold) {
    FailedMessage made = message();
    made.reverse_path = "carol@c.org";
    made.results.spf->domain = "c.org";
    made.results.dkim[0].domain = "c.org";
    made.results.dkim[0].identity = "carol@c.org";
    made.header.block = "Return-Path: <carol@c.org>\r\n";
    const std::string text = failure_message(made, kMail, redactor());
    EXPECT_EQ(text.find("carol"), std::string::npos) << text;
    EXPECT_EQ(count(text, redactor().hidden("carol", "c.org")), 5U) << text;
}

TEST(FailureMail, AStrangersWordsEndNoField) {
    const std::string evil = "x\r\nBcc: <v@v.org>\r\n\r\n--report-0123456789abcdef--\r\n\xff\"\\;(";
    FailedMessage made = message();
    made.helo = made.client_ip = made.reverse_path = evil;
    made.results.spf->domain = evil;
    made.results.spf->identity = Spf::Identity::Helo;
    Dkim& dkim = made.results.dkim[0];
    dkim.domain = dkim.selector = dkim.identity = dkim.algorithm = dkim.signature = evil;
    made.results.dmarc->domain = evil;
    made.results.iprev.emplace() = {IprevResult::Fail, evil, evil};
    FailureMail mail = kMail;
    mail.spf_record = "v=spf1 " + evil + std::string(10'000, 'x');
    const std::string text = failure_message(made, mail, redactor());
    EXPECT_EQ(text.find("\r\nBcc"), std::string::npos) << text;
    EXPECT_EQ(count(text, "--report-0123456789abcdef--\r\n"), 1U) << text;
    EXPECT_EQ(count(text, "\r\n--report-"), 4U);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find("\r\n", at);
        ASSERT_NE(end, text.npos);
        EXPECT_LE(end - at, 998U);
        at = end + 2;
    }
}

std::string content(const std::string& part) {
    return part.substr(part.find("\r\n\r\n") + 4);
}

TEST(FailureMail, HeaderFieldsTravelAsSevenBitLinesAndComeBack) {
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    const struct {
        const char* title;
        std::string block;
        const char* encoding;
        std::string told;
    } kCases[] = {
        {"plain", "A: 1\r\n\t2 \r\n", "7bit", "A: 1\r\n\t2 \r\n"},
        {"bare LF is a line end", "A: 1\nB: 2", "7bit", "A: 1\r\nB: 2\r\n"},
        {"998", "A:" + std::string(996, 'x') + "\r\n", "7bit",
         "A:" + std::string(996, 'x') + "\r\n"},
        {"999", "A:" + std::string(997, 'x') + "\r\n",
         "headers\r\nContent-Transfer-Encoding: quoted", "A:" + std::string(997, 'x') + "\r\n"},
        {"UTF-8", "\xc3\xa9: \xc3\xa9 \r\n", "headers; charset=utf-8\r\n",
         "\xc3\xa9: \xc3\xa9 \r\n"},
        {"Latin-1", "S: \xe9\r\n", "headers\r\nContent-Transfer-Encoding: quoted", "S: \xe9\r\n"},
        {"bare CR", "S: a\rb\r\n", "headers\r\nContent-Transfer-Encoding: quoted", "S: a\rb\r\n"},
        {"NUL", "S: " + std::string(1, '\0') + "=3D\r\n",
         "headers\r\nContent-Transfer-Encoding: quoted", "S: " + std::string(1, '\0') + "=3D\r\n"},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.title);
        const std::string part = header_part(c.block);
        EXPECT_NE(part.find(c.encoding), part.npos) << part;
        const bool encoded = part.find("quoted-printable") != part.npos;
        EXPECT_EQ(
            encoded ? quoted_printable_read(content(part), QuotedPrintableDialect::KeepBroken).bytes
                    : content(part),
            c.told);
    }
    const std::string part = header_part(every);
    for (const char c : part)
        EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n');
    for (std::size_t at = 0; at < part.size();) {
        const std::size_t end = std::min(part.find("\r\n", at), part.size());
        EXPECT_LE(end - at, 76U);
        at = end + 2;
    }
}

/// Any block, as it may come: the mail keeps its lines and its parts, and does not tell the
/// recipient.
TEST(FailureMail, NoHostileBlockBreaksTheMail) {
    const std::string pieces[] = {"bob@d.org",
                                  "\r\n",
                                  "\n",
                                  "\r",
                                  std::string(1, '\0'),
                                  "\xff",
                                  "\xc3\xa9",
                                  "To: ",
                                  "From: ",
                                  "x@b.org",
                                  "--report-0123456789abcdef",
                                  "--",
                                  "=",
                                  "\"",
                                  "<",
                                  ",",
                                  "\t",
                                  " ",
                                  ".",
                                  std::string(1200, 'a')};
    std::uint32_t state = 1;
    const auto next = [&state](std::size_t below) {
        state = state * 1664525U + 1013904223U;
        return (state >> 8U) % below;
    };
    for (int round = 0; round < 2000; ++round) {
        FailedMessage made = message();
        made.header.block.clear();
        for (std::size_t i = next(30); i > 0; --i) made.header.block += pieces[next(20)];
        const std::string text = failure_message(made, kMail, redactor());
        SCOPED_TRACE(text);
        ASSERT_EQ(text.find("bob@"), text.npos);
        ASSERT_TRUE(text.ends_with("\r\n--report-0123456789abcdef--\r\n"));
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find("\r\n", at);
            ASSERT_NE(end, text.npos);
            ASSERT_LE(end - at, 998U);
            for (; at < end; ++at)
                ASSERT_TRUE(text[at] == '\t' || (text[at] >= ' ' && text[at] <= '~'));
            at = end + 2;
        }
    }
}

}  // namespace
}  // namespace postern::auth::dmarc
