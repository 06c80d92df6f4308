/// @file Formats other than zip, written by libarchive in the test and read back.

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzers/taste/taste.hpp"
#include "tests/analyzers/archive/analyzed.hpp"
#include "tests/support/zip_builder.hpp"

namespace postern::analyzers {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kContent = "the content that must not be missed";
using Set = int (*)(archive*);

struct Member {
    std::string name;
    std::string content;
    unsigned type = AE_IFREG;
    std::string link;
};

void add(archive* writer, const Member& member) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, member.name.c_str());
    archive_entry_set_filetype(entry, member.type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 1, 0);
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
    if (!member.link.empty()) archive_entry_set_symlink(entry, member.link.c_str());
    EXPECT_GE(archive_write_header(writer, entry), ARCHIVE_WARN) << archive_error_string(writer);
    if (!member.content.empty()) {
        archive_write_data(writer, member.content.data(), member.content.size());
    }
    archive_entry_free(entry);
}

std::string write(Set format, Set filter, const std::vector<Member>& members) {
    std::string bytes(std::size_t{4} << 20, '\0');
    std::size_t used = 0;
    archive* writer = archive_write_new();
    EXPECT_EQ(format(writer), ARCHIVE_OK);
    EXPECT_EQ(filter(writer), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(writer, 1);
    EXPECT_EQ(archive_write_open_memory(writer, bytes.data(), bytes.size(), &used), ARCHIVE_OK);
    for (const Member& member : members) add(writer, member);
    EXPECT_EQ(archive_write_close(writer), ARCHIVE_OK) << archive_error_string(writer);
    archive_write_free(writer);
    bytes.resize(used);
    return bytes;
}

struct Case {
    const char* type;
    Set format;
};
const Case kFormats[] = {
    {"tar", archive_write_set_format_ustar},      {"tar", archive_write_set_format_pax},
    {"tar", archive_write_set_format_gnutar},     {"tar", archive_write_set_format_v7tar},
    {"7z", archive_write_set_format_7zip},        {"cpio", archive_write_set_format_cpio},
    {"cpio", archive_write_set_format_cpio_newc}, {"iso", archive_write_set_format_iso9660},
    {"ar", archive_write_set_format_ar_svr4},     {"zip", archive_write_set_format_zip},
};
const Case kFilters[] = {
    {"gzip", archive_write_add_filter_gzip},
    {"bzip2", archive_write_add_filter_bzip2},
    {"xz", archive_write_add_filter_xz},
    {"lzma", archive_write_add_filter_lzma},
    {"lzip", archive_write_add_filter_lzip},
    {"zstd", archive_write_add_filter_zstd},
    {"lz4", archive_write_add_filter_lz4},
    {"compress", archive_write_add_filter_compress},
    {"uuencode", archive_write_add_filter_uuencode},
};

TEST(ArchiveFormats, AreTastedAndUnpacked) {
    for (const Case& c : kFormats) {
        SCOPED_TRACE(c.type);
        const std::string file = write(c.format, archive_write_add_filter_none,
                                       {{"note.txt", std::string(kContent), AE_IFREG, {}}});
        EXPECT_EQ(taste(as_bytes(file), "").type, c.type);
        const Analyzed seen = analyze_archive(file, c.type);
        EXPECT_TRUE(seen.yields(kContent));
        EXPECT_THAT(seen.analysis.errors, IsEmpty());
        EXPECT_THAT(seen.names(), Contains("note.txt"));
    }
}

TEST(ArchiveFilters, AreTastedAndUnpacked) {
    for (const Case& c : kFilters) {
        SCOPED_TRACE(c.type);
        const std::string file = write(archive_write_set_format_raw, c.format,
                                       {{"note.txt", std::string(kContent), AE_IFREG, {}}});
        EXPECT_EQ(taste(as_bytes(file), "").type, c.type);
        const Analyzed seen = analyze_archive(file, c.type, "note.txt.x");
        EXPECT_TRUE(seen.yields(kContent));
        EXPECT_TRUE(seen.quiet());
        EXPECT_EQ(seen.analysis.children.size(), 1U);
    }
}

TEST(ArchiveFormats, NamesThatAreNotAsciiSurvive) {
    const ArchiveWarmUp utf8_names;  // libarchive writes them only in a UTF-8 locale
    const std::string name =
        "\xc3\x9c"
        "bersicht.txt";
    for (const Set format : {archive_write_set_format_7zip, archive_write_set_format_pax}) {
        const std::string file = write(format, archive_write_add_filter_none,
                                       {{name, std::string(kContent), AE_IFREG, {}}});
        const Analyzed seen =
            analyze_archive(file, format == archive_write_set_format_pax ? "tar" : "7z");
        EXPECT_THAT(seen.names(), ElementsAre(name));
    }
}

TEST(ArchiveFormats, LinksAndDevicesAreListedAndNotFollowed) {
    const std::string file = write(archive_write_set_format_pax, archive_write_add_filter_none,
                                   {{"link", {}, AE_IFLNK, "/etc/passwd"},
                                    {"pipe", {}, AE_IFIFO, {}},
                                    {"folder", {}, AE_IFDIR, {}}});
    const Analyzed seen = analyze_archive(file, "tar");
    EXPECT_THAT(seen.names(), IsEmpty());
    EXPECT_TRUE(seen.flagged("link"));
    EXPECT_TRUE(seen.flagged("device"));
    EXPECT_THAT(seen.codes(), ElementsAre("ARCHIVE_PATH_ATTACK"));
}

TEST(ArchiveFormats, WhatFollowsTheEndIsAChild) {
    const std::string tail = "something appended to the archive " + std::string(200, 'x');
    const struct {
        const char* type;
        Set format;
        Set filter;
    } cases[] = {
        {"tar", archive_write_set_format_ustar, archive_write_add_filter_none},
        {"7z", archive_write_set_format_7zip, archive_write_add_filter_none},
        {"gzip", archive_write_set_format_raw, archive_write_add_filter_gzip},
        {"bzip2", archive_write_set_format_raw, archive_write_add_filter_bzip2},
        {"zip", archive_write_set_format_zip, archive_write_add_filter_none},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.type);
        const std::string file =
            write(c.format, c.filter, {{"note.txt", std::string(kContent), AE_IFREG, {}}}) + tail;
        const Analyzed seen = analyze_archive(file, c.type);
        EXPECT_TRUE(seen.yields(kContent));
        EXPECT_TRUE(seen.yields(tail));
        EXPECT_TRUE(seen.flagged("trailing-data"));
    }
}

TEST(ArchiveFormats, GzipMembersAreJoinedAndTheNameIsTaken) {
    const Set raw = archive_write_set_format_raw;
    const Set gzip = archive_write_add_filter_gzip;
    const std::string file = write(raw, gzip, {{"a", "one ", AE_IFREG, {}}}) +
                             write(raw, gzip, {{"b", "two", AE_IFREG, {}}});
    const Analyzed seen = analyze_archive(file, "gzip", "notes.txt.gz");
    ASSERT_EQ(seen.analysis.children.size(), 1U);
    EXPECT_EQ(seen.analysis.children.front().bytes, "one two");
    EXPECT_EQ(analyze_archive(file, "gzip", "notes.tgz").analysis.errors.size(), 0U);
}

TEST(ArchiveFormats, ATruncatedFileIsAnError) {
    for (const Case& c : kFilters) {
        if (std::string_view(c.type) == "uuencode" || std::string_view(c.type) == "compress")
            continue;
        SCOPED_TRACE(c.type);
        std::string content;
        for (unsigned i = 0; i < 40000; ++i) content += static_cast<char>(i * i >> 3 ^ i);
        const std::string file =
            write(archive_write_set_format_raw, c.format, {{"a", content, AE_IFREG, {}}});
        const Analyzed seen = analyze_archive(file.substr(0, file.size() / 2), c.type);
        EXPECT_FALSE(seen.analysis.errors.empty());
        EXPECT_FALSE(seen.yields(content));
    }
}

/// A program of the smallest kind: headers and nothing in them.
std::string program() {
    std::string file =
        "MZ" + std::string(58, '\0') + std::string("\x40\0\0\0", 4) + std::string("PE\0\0", 4);
    return file + std::string(200, '\0');
}

TEST(ArchiveFormats, AnArchiveBehindAProgramIsFound) {
    const std::string zip =
        testing_support::ZipBuilder::build({testing_support::zip_part("a.txt", kContent)});
    const std::string sevenzip = write(archive_write_set_format_7zip, archive_write_add_filter_none,
                                       {{"note.txt", std::string(kContent), AE_IFREG, {}}});
    for (const std::string& appended : {zip, sevenzip}) {
        const Analyzed seen = analyze_archive(program() + appended, "pe");
        EXPECT_TRUE(seen.yields(appended));
        EXPECT_TRUE(seen.flagged("appended-archive"));
    }
    EXPECT_TRUE(analyze_archive(program() + std::string(500, 'x'), "pe").quiet());
}

TEST(ArchiveFormats, AProgramBehindAPictureIsFound) {
    const std::string picture = "\x89PNG\r\n\x1a\n" + std::string(300, 'p');
    EXPECT_THAT(taste(as_bytes(picture + program()), "").also, ElementsAre("pe"));
    EXPECT_TRUE(analyze_archive(picture + program(), "pe").yields(program()));
}

/// RAR has no free writer: these are header blocks and no content.
TEST(ArchiveFormats, RarSaysThatItIsEncryptedOrAVolume) {
    const std::string signature5 = std::string("Rar!\x1a\x07\x01\0", 8);
    const std::string encryption = signature5 + std::string("\0\0\0\0\x04\x04\0\0\0", 9);
    const Analyzed hidden = analyze_archive(encryption, "rar");
    EXPECT_TRUE(hidden.failed(ErrorCode::Encrypted));
    EXPECT_TRUE(hidden.flagged("encrypted"));
    const std::string volume = signature5 + std::string("\0\0\0\0\x03\x01\0\x01", 8);
    const Analyzed part = analyze_archive(volume, "rar");
    EXPECT_TRUE(part.flagged("multivolume"));
    EXPECT_TRUE(part.failed(ErrorCode::Unsupported));
}

TEST(ArchiveFormats, WhatNobodyHereOpensIsSaid) {
    for (const char* type :
         {"ace", "arj", "xar", "udf", "vhd", "wim", "alz", "egg", "lzop", "dmg"}) {
        SCOPED_TRACE(type);
        EXPECT_TRUE(archive_accepts(type));
        EXPECT_TRUE(analyze_archive("whatever", type).failed(ErrorCode::Unsupported));
    }
    for (const char* type : {"text", "html", "png", "data", "mail", ""}) {
        EXPECT_FALSE(archive_accepts(type)) << type;
    }
}

}  // namespace
}  // namespace postern::analyzers
