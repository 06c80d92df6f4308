#include "analyzers/mime/mime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzers/mime/header_words.hpp"
#include "analyzers/mime/parameters.hpp"

namespace postern::analyzers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

Analysis read(std::string_view message, const Limits& limits = {}) {
    Budget budget(limits);
    return mime_analyze({.bytes = as_bytes(message),
                         .type = "mail",
                         .mime = "message/rfc822",
                         .name = {},
                         .declared_mime = {}},
                        budget);
}

std::vector<std::string> bodies(const Analysis& analysis, bool alternate) {
    std::vector<std::string> all;
    for (const Child& child : analysis.children) {
        const bool other = std::find(child.flags.begin(), child.flags.end(), "alternate-reading") !=
                           child.flags.end();
        if (other == alternate) all.push_back(child.bytes);
    }
    return all;
}

std::vector<std::string> codes(const Analysis& analysis) {
    std::vector<std::string> all;
    for (const Finding& finding : analysis.findings) all.push_back(finding.code);
    return all;
}

constexpr std::string_view kTwoParts =
    "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    "--b\r\nContent-Type: application/zip; name=x.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "Zm9v\r\n--b--\r\nepilogue\r\n";

TEST(Mime, RegularMessageHasItsPartsAndNoFindings) {
    const Analysis analysis = read(kTwoParts);
    EXPECT_THAT(bodies(analysis, false), ElementsAre("hello", "foo"));
    EXPECT_THAT(bodies(analysis, true), IsEmpty());
    EXPECT_THAT(codes(analysis), IsEmpty());
    EXPECT_EQ(analysis.children[1].name, "x.zip");
    EXPECT_EQ(analysis.children[1].declared_mime, "application/zip");
}

TEST(Mime, FactsOfTheMessageAreDecoded) {
    const Analysis analysis = read(
        "From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>, \"a,b\" <k@example.org>\r\n"
        "Reply-To: Team: x@example.org, (Bo) y@example.org;\r\n"
        "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n =?utf-8?b?IQ==?=\r\nMessage-ID: <1@x>\r\n\r\nhi");
    ASSERT_TRUE(analysis.message);
    EXPECT_EQ(analysis.message->subject,
              "Gr\xC3\xBC\xC3\x9F"
              "e!");
    EXPECT_THAT(analysis.message->from, ElementsAre("j@example.org", "k@example.org"));
    EXPECT_THAT(analysis.message->from_names, ElementsAre("J\xC3\xBCrgen", "a,b"));
    EXPECT_THAT(analysis.message->reply_to, ElementsAre("x@example.org", "y@example.org"));
    EXPECT_EQ(analysis.message->message_id, "<1@x>");
}

TEST(Mime, TheNameBesideAnAddressIsWhatAMailProgramShows) {
    struct Case {
        const char* from;
        const char* name;
        const char* address;
    };
    const Case cases[] = {
        {"Ann Doe <a@x.example>", "Ann Doe", "a@x.example"},
        {"\"Doe, Ann\" <a@x.example>", "Doe, Ann", "a@x.example"},
        {"\"a \\\"b\\\" c\" <a@x.example>", "a \"b\" c", "a@x.example"},
        {"a@x.example (Ann Doe)", "Ann Doe", "a@x.example"},
        {"a@x.example", "", "a@x.example"},
        {"<a@x.example>", "", "a@x.example"},
        {"Ann (the boss) Doe <a@x.example>", "Ann  Doe", "a@x.example"},
        {"boss@y.example <a@x.example>", "boss@y.example", "a@x.example"},
        {"=?utf-8?b?Ym9zc0B5LmV4YW1wbGU=?= <a@x.example>", "boss@y.example", "a@x.example"},
        {"\"quoted\"@x.example", "", "\"quoted\"@x.example"},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.from);
        const Analysis analysis = read(std::string("From: ") + each.from + "\r\n\r\nhi");
        ASSERT_TRUE(analysis.message);
        EXPECT_THAT(analysis.message->from, ElementsAre(each.address));
        EXPECT_THAT(analysis.message->from_names, ElementsAre(each.name));
    }
}

TEST(Mime, EveryReadingOfAnAmbiguousMessageIsThere) {
    struct Case {
        const char* title;
        std::string message;
        const char* body;
    };
    const Case cases[] = {
        {"two encodings",
         "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: "
         "quoted-printable\r\n\r\nZm9v=3D",
         "Zm9v="},
        {"two types",
         "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
         "--b\r\n\r\nfoo\r\n--b--\r\n",
         "foo"},
        {"two boundaries",
         "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nA\r\n"
         "--a--\r\n--b\r\n\r\nfoo\r\n--b--\r\n",
         "foo"},
        {"parts behind the end",
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
         "--b\r\nContent-Type: text/plain\r\n\r\nfoo\r\n--b--\r\n",
         "foo"},
        {"boundary with a tail",
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b x\r\n"
         "Content-Type: text/plain\r\n\r\nfoo\r\n--b--\r\n",
         "foo"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = read(c.message);
        EXPECT_THAT(bodies(analysis, true), Contains(c.body));
    }
}

TEST(Mime, AmbiguousIsSaidWhereReadersDifferAndOnlyThere) {
    struct Case {
        const char* title;
        std::string message;
        bool ambiguous;
    };
    const Case cases[] = {
        {"plain", "Subject: x\r\n\r\nhello", false},
        {"8bit", "Content-Transfer-Encoding: 8bit\r\n\r\nhello", false},
        {"capitals", "Content-Transfer-Encoding: BASE64\r\n\r\nZm9v", false},
        {"no end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx", false},
        {"blank before colon elsewhere", "Subject : x\r\n\r\nhello", false},
        {"blank before colon", "Content-Transfer-Encoding : base64\r\n\r\nZm9v", true},
        {"two encodings",
         "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\nZm9v", true},
        {"NUL", std::string("Content-Type\0: text/plain\r\n\r\nx", 30), true},
        {"bare CR", "Subject: x\rContent-Type: text/html\r\n\r\nx", true},
        {"unknown encoding", "Content-Transfer-Encoding: x-base 64\r\n\r\nZm9v", true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const auto found = codes(read(c.message));
        EXPECT_EQ(std::count(found.begin(), found.end(), "MIME_AMBIGUOUS"), c.ambiguous ? 1 : 0);
    }
}

TEST(Mime, BrokenIsSaidOfMessagesThatAre) {
    EXPECT_THAT(codes(read("Subject: x\r\nno field\r\nFrom: a\r\n\r\nx")), Contains("MIME_BROKEN"));
    EXPECT_THAT(codes(read("Content-Type: multipart/mixed; boundary=b\r\n\r\nx")),
                Contains("MIME_BROKEN"));
    EXPECT_THAT(codes(read(kTwoParts)), IsEmpty());
}

TEST(Mime, NestingStopsAtItsLimit) {
    const auto nested = [](std::size_t levels) {
        std::string message;
        for (std::size_t i = 0; i < levels; ++i) {
            const std::string b = "b" + std::to_string(i) + ".";
            message +=
                "Content-Type: multipart/mixed; boundary=\"" + b + "\"\r\n\r\n--" + b + "\r\n";
        }
        return message + "\r\nx";
    };
    EXPECT_THAT(read(nested(kMaxNesting)).limits, IsEmpty());
    const Analysis deeper = read(nested(kMaxNesting + 1));
    ASSERT_EQ(deeper.limits.size(), 1U);
    EXPECT_EQ(deeper.limits[0].limit, Limit::Depth);
}

TEST(Mime, PartsStopAtTheirLimit) {
    const auto many = [](std::size_t parts) {
        std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        for (std::size_t i = 0; i < parts; ++i)
            message += "--b\r\n\r\n" + std::to_string(i) + "\r\n";
        return message + "--b--\r\n";
    };
    EXPECT_THAT(read(many(kMaxParts)).limits, IsEmpty());
    EXPECT_EQ(read(many(kMaxParts + 1)).limits.size(), 1U);
}

TEST(Mime, BytesAreCharged) {
    Limits limits;
    limits.bytes = 8;
    EXPECT_THAT(read(kTwoParts, limits).limits, IsEmpty());
    limits.bytes = 7;
    EXPECT_EQ(read(kTwoParts, limits).limits.size(), 1U);
}

TEST(Mime, NamesAreDecodedAndTheHarmfulOneCounts) {
    struct Case {
        const char* title;
        const char* fields;
        const char* name;
    };
    const Case cases[] = {
        {"plain", "Content-Disposition: attachment; filename=a.txt", "a.txt"},
        {"quoted", "Content-Disposition: attachment; filename=\"a \\\"b\\\".txt\"", "a \"b\".txt"},
        {"RFC 2231", "Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.txt",
         "\xE2\x82\xAC.txt"},
        {"pieces", "Content-Disposition: attachment; filename*0=a; filename*1=b.txt", "ab.txt"},
        {"encoded word", "Content-Type: text/plain; name=\"=?utf-8?b?YS50eHQ=?=\"", "a.txt"},
        {"two names",
         "Content-Type: x/y; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt",
         "a.exe"},
        {"behind the quotes", "Content-Disposition: attachment; filename=\"a\".exe", "a.exe"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = read(std::string(c.fields) + "\r\n\r\nx");
        ASSERT_FALSE(analysis.children.empty());
        EXPECT_EQ(analysis.children[0].name, c.name);
    }
}

TEST(Mime, PieceOfAMessageIsAnError) {
    EXPECT_EQ(read("Content-Type: message/partial; number=1\r\n\r\nx").errors.size(), 1U);
    EXPECT_EQ(read("Content-Type: message/delivery-status\r\n\r\nx").errors.size(), 0U);
}

TEST(Mime, MboxIsCutIntoMessages) {
    Budget budget{Limits{}};
    const Analysis analysis =
        mime_analyze({.bytes = as_bytes("From a\nSubject: 1\n\nx\n\nFrom b\nSubject: 2\n\ny\n"),
                      .type = "mbox",
                      .mime = "application/mbox",
                      .name = {},
                      .declared_mime = {}},
                     budget);
    ASSERT_EQ(analysis.children.size(), 2U);
    EXPECT_EQ(analysis.children[1].bytes, "Subject: 2\n\ny\n");
}

TEST(HeaderWords, AreDecodedWhereverTheyStand) {
    const std::pair<const char*, const char*> cases[] = {
        {"plain", "plain"},
        {"=?utf-8?q?a_b?=", "a b"},
        {"=?utf-8?b?4oKs?= and", "\xE2\x82\xAC and"},
        {"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xE2\x82\xAC"},
        {"x=?us-ascii?q?y?=z", "xyz"},
        {"=?broken", "=?broken"},
        {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
    };
    for (const auto& [text, decoded] : cases) EXPECT_EQ(decode_words(text), decoded);
}

}  // namespace
}  // namespace postern::analyzers
