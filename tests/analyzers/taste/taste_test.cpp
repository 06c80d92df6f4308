#include "analyzers/taste/taste.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/case_files.hpp"
#include "tests/support/zip_builder.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_literals;
using namespace testing_support;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
    const char* title;
    std::string bytes;
    const char* name;
    const char* type;
};

std::string zip_with(std::initializer_list<const char*> names) {
    std::vector<ZipPart> parts;
    for (const char* name : names) parts.push_back(zip_part(name, "content", false));
    return ZipBuilder::build(parts);
}

/// An OLE file whose directory, in its first sector, lists `names`.
std::string ole_with(std::initializer_list<const char*> names, const std::string& clsid = {}) {
    std::string file =
        from_hex("d0cf11e0a1b11ae1") + std::string(22, '\0') + "\x09\0"s + std::string(480, '\0');
    for (const char* name : names) {
        std::string entry;
        for (const char* c = name; *c != '\0'; ++c) entry += std::string{*c, '\0'};
        const auto length = static_cast<char>(entry.size() + 2);
        entry.resize(64, '\0');
        entry += length;
        entry.resize(80, '\0');
        entry += clsid;
        entry.resize(128, '\0');
        file += entry;
    }
    return file;
}

std::string wide(std::string_view text) {
    std::string made;
    for (const char c : text) made += {c, '\0'};
    return made;
}

std::string pe() {
    return "MZ" + std::string(58, '\0') + "\x40\0\0\0"s + "PE\0\0"s + std::string(100, '\0');
}

std::string old_tar() {
    std::string block(512, '\0');
    block.replace(0, 5, "a.txt");
    block.replace(100, 7, "0000644");
    unsigned sum = 8 * ' ';
    for (const char c : block) sum += static_cast<unsigned char>(c);
    std::string octal;
    for (int shift = 15; shift >= 0; shift -= 3)
        octal += static_cast<char>('0' + (sum >> shift & 7));
    block.replace(148, 6, octal);
    block[155] = ' ';
    return block + std::string(512, '\0');
}

void expect_types(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const Taste found = taste(as_bytes(c.bytes), c.name);
        EXPECT_EQ(found.type, c.type);
        EXPECT_FALSE(found.mime.empty());
    }
}

TEST(Taste, BinaryKinds) {
    expect_types({
        {"nothing", "", "", "empty"},
        {"pdf", "%PDF-1.7\n", "", "pdf"},
        {"pdf behind junk", std::string(900, '\x01') + "%PDF-1.7\n", "", "pdf"},
        {"pdf too far behind", std::string(1025, '\x01') + "%PDF-1.7\n", "", "data"},
        {"pdf behind a comment", "% a comment first %PDF-1.4\n", "", "pdf"},
        {"rtf", "{\\rtf1}", "", "rtf"},
        {"rtf as lax readers take it", "{\\rt blah}", "", "rtf"},
        {"program", pe(), "", "pe"},
        {"program for DOS", "MZ" + std::string(100, '\x90'), "", "mz"},
        {"elf",
         "\x7f"
         "ELF\x02\x01",
         "", "elf"},
        {"mach-o", "\xcf\xfa\xed\xfe\x07\0\0\x01"s, "", "macho"},
        {"mach-o for two machines", "\xca\xfe\xba\xbe\0\0\0\x02"s, "", "macho"},
        {"java class", "\xca\xfe\xba\xbe\0\0\0\x34"s, "", "class"},
        {"dex", "dex\n035\0"s, "", "dex"},
        {"shortcut", from_hex("4c0000000114020000000000c000000000000046"), "", "lnk"},
        {"onenote", from_hex("e4525c7b8cd8a74daeb15378d02996d3"), "", "onenote"},
        {"tnef", from_hex("789f3e22"), "", "tnef"},
        {"chm", "ITSF\3\0\0\0"s, "", "chm"},
        {"7z", from_hex("377abcaf271c"), "", "7z"},
        {"rar 4", "Rar!\x1a\x07\0"s, "", "rar"},
        {"rar 5", "Rar!\x1a\x07\x01\0"s, "", "rar"},
        {"cab", "MSCF\0\0\0\0"s, "", "cab"},
        {"gzip", "\x1f\x8b\x08", "", "gzip"},
        {"bzip2", "BZh91AY&SY1234", "", "bzip2"},
        {"text that begins like bzip2", "BZh9 is how it begins", "", "text"},
        {"xz",
         "\xfd"
         "7zXZ\0"s,
         "", "xz"},
        {"zstd", "\x28\xb5\x2f\xfd", "", "zstd"},
        {"zstd behind a skippable frame", "\x50\x2a\x4d\x18\0\0\0\0"s, "", "zstd"},
        {"lzma", from_hex("5d00008000ffffffffffffffff00"), "", "lzma"},
        {"lz4", "\x04\x22\x4d\x18", "", "lz4"},
        {"lzip", "LZIP\x01", "", "lzip"},
        {"compress", "\x1f\x9d\x90", "", "compress"},
        {"tar", std::string(257, 'a') + "ustar\0"s, "", "tar"},
        {"tar before POSIX", old_tar(), "", "tar"},
        {"cpio", "070701" + std::string(100, '0'), "", "cpio"},
        {"ar", "!<arch>\n", "", "ar"},
        {"iso", std::string(0x8001, '\0') + "CD001", "", "iso"},
        {"udf", std::string(0x8001, '\0') + "BEA01", "", "udf"},
        {"arj", from_hex("60ea2a00") + std::string(60, '\0'), "", "arj"},
        {"lha", from_hex("2000") + "-lh5-" + std::string(13, '\0') + "\x01 name", "", "lha"},
        {"ace", "1234567**ACE**", "", "ace"},
        {"xar", "xar!\0\x1c"s, "", "xar"},
        {"vhdx", "vhdxfile", "", "vhdx"},
        {"vhd by its trailer", std::string(1024, '\0') + "conectix" + std::string(504, '\0'), "",
         "vhd"},
        {"png", "\x89PNG\r\n\x1a\n", "", "png"},
        {"jpeg", "\xff\xd8\xff\xe0", "", "jpeg"},
        {"gif", "GIF89a", "", "gif"},
        {"webp", "RIFF1234WEBP", "", "webp"},
        {"wav", "RIFF1234WAVE", "", "wav"},
        {"heic",
         "\0\0\0\x18"
         "ftypheic"s,
         "", "heif"},
        {"mp4",
         "\0\0\0\x18"
         "ftypisom"s,
         "", "mp4"},
        {"sqlite", "SQLite format 3\0"s, "", "sqlite"},
        {"noise", from_hex("8103d200f01ba1b40206"), "noise.exe", "data"},
    });
}

TEST(Taste, DocumentsInContainers) {
    expect_types({
        {"zip", zip_with({"a.txt"}), "", "zip"},
        {"zip called docx", zip_with({"a.txt"}), "a.docx", "zip"},
        {"docx", zip_with({"[Content_Types].xml", "word/document.xml"}), "", "docx"},
        {"docm", zip_with({"[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"}), "",
         "docm"},
        {"xlsx", zip_with({"[Content_Types].xml", "xl/workbook.xml"}), "", "xlsx"},
        {"xlsm by its macro sheet", zip_with({"[Content_Types].xml", "xl/macrosheets/s.xml"}), "",
         "xlsm"},
        {"xlsb", zip_with({"[Content_Types].xml", "xl/workbook.bin"}), "", "xlsb"},
        {"pptx", zip_with({"[Content_Types].xml", "ppt/presentation.xml"}), "", "pptx"},
        {"jar", zip_with({"META-INF/MANIFEST.MF", "A.class"}), "", "jar"},
        {"apk", zip_with({"META-INF/MANIFEST.MF", "AndroidManifest.xml", "classes.dex"}), "",
         "apk"},
        {"ole", ole_with({"Root Entry"}), "", "ole"},
        {"doc", ole_with({"Root Entry", "1Table", "WordDocument"}), "", "doc"},
        {"xls", ole_with({"Root Entry", "Workbook"}), "", "xls"},
        {"ppt", ole_with({"Root Entry", "PowerPoint Document"}), "", "ppt"},
        {"msg", ole_with({"Root Entry", "__properties_version1.0"}), "", "msg"},
        {"encrypted document", ole_with({"Root Entry", "EncryptedPackage"}), "",
         "office-encrypted"},
        {"msi", ole_with({"Root Entry"}, from_hex("84100c0000000000c000000000000046")), "", "msi"},
    });
    ZipPart type = zip_part("mimetype", "application/vnd.oasis.opendocument.text", false);
    EXPECT_EQ(taste(as_bytes(ZipBuilder::build({type})), "").type, "odf");
    // Without its end record a document is one still.
    const std::string docx = zip_with({"[Content_Types].xml", "word/document.xml"});
    EXPECT_EQ(taste(as_bytes(docx.substr(0, docx.find("PK\1\2"))), "").type, "docx");
}

TEST(Taste, Text) {
    expect_types({
        {"prose", "Dear Anna,\nthank you for the letter.\n", "", "text"},
        {"prose in UTF-8", "Sehr geehrte Frau M\xc3\xbcller,\n", "", "text"},
        {"prose in ISO 8859-1", "Sehr geehrte Frau M\xfcller,\n", "", "text"},
        {"mail", "From: a@example.org\nTo: b@example.org\nSubject: x\n\nbody\n", "", "mail"},
        {"mail with CR LF", "Received: from a\r\n by b\r\nDate: now\r\n\r\nbody\r\n", "", "mail"},
        {"mbox", "From a@example.org Mon Jan  1 00:00:00 2026\nFrom: a\nSubject: x\n\n", "",
         "mbox"},
        {"a label is no header", "Note: this is\nimportant: very\n\nbye\n", "", "text"},
        {"one field is no mail", "Subject: x\n\nbody\n", "", "text"},
        {"html", "<!DOCTYPE html><html></html>", "", "html"},
        {"html without a root", "\n  <div>hello</div>", "", "html"},
        {"html behind a comment", "<!-- saved --><HTML></HTML>", "", "html"},
        {"html behind junk", std::string(5000, 'x') + "<html><script></script></html>", "", "html"},
        {"html in UTF-16", "\xff\xfe<\0h\0t\0m\0l\0>\0"s, "", "html"},
        {"hta", "<html><HTA:APPLICATION id=a></html>", "", "hta"},
        {"hta by name", "<html></html>", "a.hta", "hta"},
        {"xml", "<?xml version=\"1.0\"?><note/>", "", "xml"},
        {"dmarc report", "<?xml version=\"1.0\"?>\n<feedback><report_metadata>", "",
         "dmarc-report"},
        {"dmarc report in UTF-16",
         "\xff\xfe"s + wide("<feedback><version>1</version><policy_published>"), "",
         "dmarc-report"},
        {"dmarc report with a document type",
         "<!DOCTYPE a [<!ENTITY b \"c\">\n<!ENTITY d \"e\">]>\n<feedback xmlns=\"x\">"
         "<report_metadata>",
         "", "dmarc-report"},
        {"feedback of a customer", "<?xml version=\"1.0\"?><feedback>good</feedback>", "", "xml"},
        {"a page with a report in it",
         "<?xml version=\"1.0\"?><feedback><report_metadata/><script>a()</script></feedback>", "",
         "html"},
        {"svg", "<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"></svg>", "", "svg"},
        {"svg with a prefix", "<s:svg xmlns:s=\"x\"/>", "", "svg"},
        {"wsf", "<job><script language=\"JScript\"></script></job>", "", "wsf"},
        {"library", "<?xml version=\"1.0\"?><libraryDescription/>", "", "library-ms"},
        {"javascript by name", "alert(1)", "a.JS", "javascript"},
        {"javascript by words", "var a = 1;\nfunction (b) { return eval(b); }", "", "javascript"},
        {"vbscript by words", "On Error Resume Next\nDim a\nSet a = CreateObject(\"x\")\nMsgBox 1",
         "", "vbscript"},
        {"encoded script", "#@~^EAAAAA==abc==^#~@", "", "encoded-script"},
        {"powershell by words", "$x = New-Object Net.WebClient\nWrite-Host $env:TEMP", "",
         "powershell"},
        {"powershell in UTF-16", "\xff\xfe"s + "i\0e\0x\0"s, "a.ps1", "powershell"},
        {"batch", "@echo off\r\ndir\r\n", "", "bat"},
        {"python by first line", "#!/usr/bin/env python3\n", "", "python"},
        {"shell by first line", "#!/bin/sh\n", "", "shell"},
        {"uuencode", "begin 644 a.txt\n#86)C\n`\nend\n", "", "uuencode"},
        {"prose that begins with begin", "begin 644 times\n", "", "uuencode"},
        {"begin and no mode", "begin the day\nwith tea\n", "", "text"},
        {"binhex", "(This file must be converted with BinHex 4.0)\n:x:\n", "", "binhex"},
        {"yenc", "=ybegin line=128 size=3 name=a\nabc\n", "", "yenc"},
        {"calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "", "ics"},
        {"card", "BEGIN:VCARD\r\n", "", "vcard"},
        {"pem", "-----BEGIN CERTIFICATE-----\n", "", "pem"},
        {"internet shortcut", "[InternetShortcut]\nURL=x\n", "", "url"},
        {"remote desktop", "screen mode id:i:2\nfull address:s:host\n", "", "rdp"},
    });
}

TEST(Taste, Polyglots) {
    const std::string zip = zip_with({"a.txt"});
    const std::string png = "\x89PNG\r\n\x1a\n" + std::string(100, 'p');
    EXPECT_THAT(taste(as_bytes(png + zip), "").also, ElementsAre("zip"));
    EXPECT_THAT(taste(as_bytes(png + pe()), "").also, ElementsAre("pe"));
    EXPECT_THAT(taste(as_bytes(pe() + zip), "").also, ElementsAre("zip"));
    EXPECT_THAT(taste(as_bytes("GIF89a" + std::string(10, ' ') + "<script>1</script>"), "").also,
                ElementsAre("html"));
    EXPECT_THAT(taste(as_bytes(pe() + "\n%PDF-1.4\n"), "").also, ElementsAre("pdf"));
    const std::string letter =
        "Hello,\nhere it is.\nbegin 644 a.exe\nM" + std::string(60, '!') + "\n`\nend\n";
    EXPECT_EQ(taste(as_bytes(letter), "").type, "text");
    EXPECT_THAT(taste(as_bytes(letter), "").also, ElementsAre("uuencode"));
    // A document inside another container does not make that a zip.
    EXPECT_THAT(
        taste(as_bytes(ole_with({"Root Entry", "WordDocument"}) + zip + std::string(600, 'x')), "")
            .also,
        IsEmpty());
    EXPECT_THAT(taste(as_bytes(zip), "").also, IsEmpty());
}

TEST(Taste, LibmagicIsAskedLast) {
    const auto magic = Magic::load();
    ASSERT_NE(magic, nullptr);
    EXPECT_EQ(taste(as_bytes(from_hex("8103d200f01ba1b40206")), "", magic.get()).type, "data");
    EXPECT_EQ(taste(as_bytes("%PDF-1.4"), "", magic.get()).type, "pdf");
    const std::string smile = "\xf0\x9f\x92\xbe plain text stays text";
    EXPECT_EQ(taste(as_bytes(smile), "", magic.get()).type, "text");
    EXPECT_EQ(magic->ask(as_bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\1\0\0\0\0"s)).type,
              "png");
}

TEST(Taste, ALargeObjectIsNotReadWhole) {
    const std::string large = std::string(std::size_t{64} << 20, '\x01');
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(taste(as_bytes(large), "").type, "data");
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));
}

}  // namespace
}  // namespace postern::analyzers
