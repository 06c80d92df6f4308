#include <gtest/gtest.h>

#include <algorithm>

#include "analyzers/base/base64.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/base/encoded_blocks.hpp"
#include "analyzers/base/quoted_printable.hpp"

namespace postern {
namespace {

TEST(Base64, KnowsTheVectorsOfRfc4648) {
    const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(base64_encode(as_bytes(bytes)), text);
        EXPECT_EQ(base64_decode(text), bytes);
        EXPECT_EQ(base64_readings(text), std::vector<std::string>{bytes});
    }
}

TEST(Base64, StrictDecodingRefusesWhatIsNotCanonical) {
    for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "Zm9v\n", "Zm 9", "====", "Zm9v=ab="}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(base64_decode(text), std::nullopt);
    }
}

TEST(Base64, AmbiguousTextHasEveryReading) {
    struct Case {
        const char* title;
        const char* text;
        std::vector<std::string> readings;
    };
    const Case cases[] = {
        {"line ends are no junk", "Zm9v\r\nYmFy\r\n", {"foobar"}},
        {"missing padding", "Zm9vYg", {"foob"}},
        {"two texts behind each other", "Zg==Zm8=", {"ffo", "f"}},
        {"junk line", "Zm9v\nnot base64!\nYmFy\n", {"foobar"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const auto readings = base64_readings(c.text);
        for (const std::string& reading : c.readings) {
            EXPECT_NE(std::find(readings.begin(), readings.end(), reading), readings.end())
                << reading;
        }
    }
}

TEST(QuotedPrintable, ReadsEscapesAndSoftBreaks) {
    struct Case {
        const char* text;
        const char* bytes;
        bool regular;
    };
    const Case cases[] = {
        {"a=3Db", "a=b", true},
        {"a=3db", "a=b", true},
        {"long=\r\nline", "longline", true},
        {"long=  \r\nline", "longline", true},
        {"end  \r\nnext", "end\r\nnext", false},
        {"1=1", "1=1", false},
        {"=C3=A4", "\xC3\xA4", true},
        {"tail=", "tail", true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto read = quoted_printable_read(c.text, QuotedPrintableDialect::KeepBroken);
        EXPECT_EQ(read.bytes, c.bytes);
        EXPECT_EQ(read.regular, c.regular);
    }
}

TEST(Charset, ConvertsToUtf8) {
    struct Case {
        std::string_view bytes;
        const char* charset;
        const char* text;
    };
    const Case cases[] = {
        {"caf\xE9", "ISO-8859-1", "caf\xC3\xA9"},
        {"caf\xE9", "", "caf\xC3\xA9"},
        {"\x80", "windows-1252", "\xE2\x82\xAC"},
        {"\xA4", "iso-8859-15", "\xE2\x82\xAC"},
        {std::string_view("\0a\0b", 4), "utf-16be", "ab"},
        {std::string_view("\xFF\xFE"
                          "a\0b\0",
                          6),
         "utf-16", "ab"},
        {"\xD4\xE5", "koi8-r", "\xD1\x82\xD0\x95"},
        {"\xCF\xF0", "windows-1251", "\xD0\x9F\xD1\x80"},
        {"\x1B$B$\"\x1B(B", "iso-2022-jp", "\xE3\x81\x82"},
        {"plain", "no-such-charset", "plain"},
        {"\xD6\xD0\xCE\xC4", "gb2312", "\xE4\xB8\xAD\xE6\x96\x87"},
        {"\xA4\xA4\xA4\xE5", "big5", "\xE4\xB8\xAD\xE6\x96\x87"},
        {"\xC7\xD1\xB1\xDB", "euc-kr", "\xED\x95\x9C\xEA\xB8\x80"},
        {"\x82\xA0\xB1", "shift_jis", "\xE3\x81\x82\xEF\xBD\xB1"},
        {"\xA4\xA2", "euc-jp", "\xE3\x81\x82"},
        {"a +AGI- +2D3eAA-", "utf-7", "a b \xF0\x9F\x98\x80"},
        {"\x8A", "cp866", "\xD0\x9A"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.charset);
        EXPECT_EQ(to_utf8(c.bytes, c.charset), c.text) << "by iconv";
    }
    const CharsetWarmUp tables;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.charset);
        EXPECT_EQ(to_utf8(c.bytes, c.charset), c.text) << "by our tables";
    }
}

TEST(EncodedBlocks, AreFoundInText) {
    struct Case {
        const char* title;
        std::string text;
        BlockKind kind;
        const char* name;
        std::string bytes;
    };
    const std::string long_text(100, 'x');
    const std::string run = base64_encode(as_bytes("Some 1 text " + long_text));
    const Case cases[] = {
        {"uuencode", "Hi\nbegin 644 cat.txt\n#0V%T\n`\nend\nBye\n", BlockKind::Uuencode, "cat.txt",
         "Cat"},
        {"yEnc", "=ybegin line=128 size=3 name=cat.bin\n\x6D\x8B\x9E\n=yend size=3\n",
         BlockKind::Yenc, "cat.bin", "Cat"},
        {"base64 run", "See below\n\n" + run + "\n\nBye\n", BlockKind::Base64, "",
         "Some 1 text " + long_text},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const EncodedBlocks found = find_encoded_blocks(c.text, 1 << 20);
        ASSERT_EQ(found.blocks.size(), 1U);
        EXPECT_EQ(found.blocks[0].kind, c.kind);
        EXPECT_EQ(found.blocks[0].name, c.name);
        EXPECT_EQ(found.blocks[0].bytes, c.bytes);
    }
}

TEST(EncodedBlocks, OrdinaryTextHasNone) {
    const std::string digest(64, 'a');
    for (const std::string& text :
         {std::string("begin at the beginning\nend\n"), digest + '\n',
          "-----BEGIN PGP MESSAGE-----\n" + base64_encode(as_bytes(std::string(90, 'k') + "1Aa")) +
              "\n-----END PGP MESSAGE-----\n"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(find_encoded_blocks(text, 1 << 20).blocks.empty());
    }
}

TEST(EncodedBlocks, StopAtTheirRoom) {
    const std::string text = "begin 644 cat.txt\n#0V%T\n`\nend\n";
    EXPECT_FALSE(find_encoded_blocks(text, 3).cut);
    EXPECT_TRUE(find_encoded_blocks(text, 2).cut);
}

}  // namespace
}  // namespace postern
