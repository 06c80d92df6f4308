/// @file Zips that show different things to different programs: we must see what any of them sees.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/analyzers/archive/analyzed.hpp"
#include "tests/support/zip_builder.hpp"

namespace postern::analyzers {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string payload() {
    std::string text = "the content that must not be missed\n";
    for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
}

ZipPart harmless() {
    return zip_part("readme.txt", "nothing to see", false);
}

struct Case {
    const char* title;
    std::function<std::string()> build;
    std::vector<std::string> codes;
};

const Case kCases[] = {
    {"stored", [] { return ZipBuilder::build({zip_part("a.txt", payload(), false)}); }, {}},
    {"deflated", [] { return ZipBuilder::build({zip_part("a.txt", payload())}); }, {}},
    {"streamed: the sizes stand behind the data",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.flags = part.central.flags = 8;
         part.local.crc = part.local.packed = part.local.size = 0;
         part.data += "PK\7\x08" + std::string(12, 'd');
         return ZipBuilder::build({part, harmless()});
     },
     {}},
    {"two archives, payload in the first",
     [] {
         return ZipBuilder::build({zip_part("a.txt", payload())}) + ZipBuilder::build({harmless()});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"two archives, payload in the last",
     [] {
         return ZipBuilder::build({harmless()}) + ZipBuilder::build({zip_part("a.txt", payload())});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"bytes between the last member and the directory",
     [] { return ZipBuilder::build({harmless()}, payload()); },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"a member that the directory does not list",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.listed = false;
         return ZipBuilder::build({harmless(), part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"no directory at all",
     [] {
         const std::string file = ZipBuilder::build({zip_part("a.txt", payload())});
         return file.substr(0, file.find("PK\1\2"));
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"no end record",
     [] {
         const std::string file = ZipBuilder::build({zip_part("a.txt", payload())});
         return file.substr(0, file.rfind("PK\5\6"));
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"two names",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.central.name = "b.txt";
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"marked as encrypted in the directory only",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.central.flags = 1;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_FAKE_ENCRYPTION"}},
    {"marked as encrypted in its own header only",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.flags = 1;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_FAKE_ENCRYPTION"}},
    {"marked as encrypted in both, and plain",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.flags = part.central.flags = 1;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_FAKE_ENCRYPTION"}},
    {"said to be stored in its own header",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.method = 0;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"said to be stored in the directory",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.central.method = 0;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"an unknown method in both, and deflated",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.method = 0;
         part.central.method = 77;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"a size that is a lie",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.size = part.central.size = 10;
         return ZipBuilder::build({part});
     },
     {"ARCHIVE_HIDDEN_CONTENT"}},
    {"a packed size that is too small",
     [] {
         ZipPart part = zip_part("a.txt", payload());
         part.local.packed = part.central.packed = 20;
         return ZipBuilder::build({part});
     },
     {}},
    {"behind a picture",
     [] {
         return "\xff\xd8\xff\xe0 picture" + std::string(2000, 'p') +
                ZipBuilder::build({zip_part("a.txt", payload())});
     },
     {}},
    {"zeros behind the end",
     [] { return ZipBuilder::build({zip_part("a.txt", payload())}) + std::string(70000, '\0'); },
     {}},
    {"something behind the end", [] { return ZipBuilder::build({harmless()}) + payload(); }, {}},
    {"something in the comment", [] { return ZipBuilder::build({harmless()}, {}, payload()); }, {}},
};

TEST(Zip, WhatAnyProgramWouldUnpackIsSeen) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        const Analyzed seen = analyze_archive(c.build(), "zip", "a.zip");
        EXPECT_TRUE(seen.yields(payload()));
        EXPECT_EQ(seen.codes(), c.codes);
        EXPECT_THAT(seen.analysis.errors, IsEmpty());
    }
}

TEST(Zip, AnHonestOneRaisesNothing) {
    const Analyzed seen =
        analyze_archive(ZipBuilder::build({harmless(), zip_part("b/c.txt", payload())}), "zip");
    EXPECT_TRUE(seen.quiet());
    EXPECT_THAT(seen.names(), ElementsAre("readme.txt", "b/c.txt"));
}

TEST(Zip, AZipStoredInAZipIsOneMemberAndNotASecondArchive) {
    const std::string inner = ZipBuilder::build({zip_part("a.txt", payload())});
    const Analyzed seen =
        analyze_archive(ZipBuilder::build({zip_part("inner.zip", inner, false)}), "zip");
    EXPECT_TRUE(seen.quiet());
    EXPECT_THAT(seen.names(), ElementsAre("inner.zip"));
}

TEST(Zip, AnEncryptedMemberIsAnErrorAndTheOthersAreRead) {
    ZipPart part = zip_part("secret.txt", payload());
    part.local.flags = part.central.flags = 1;
    for (char& c : part.data) c = static_cast<char>(c ^ 0x5a);
    const Analyzed seen = analyze_archive(ZipBuilder::build({part, harmless()}), "zip");
    EXPECT_TRUE(seen.failed(ErrorCode::Encrypted));
    EXPECT_TRUE(seen.flagged("encrypted"));
    EXPECT_THAT(seen.codes(), ElementsAre("ARCHIVE_ENCRYPTED"));
    EXPECT_THAT(seen.names(), ElementsAre("readme.txt"));
}

TEST(Zip, AMethodWeDoNotKnowIsAnError) {
    ZipPart part = zip_part("a.txt", payload(), false);
    part.local.method = part.central.method = 9;  // Deflate64
    const Analyzed seen = analyze_archive(ZipBuilder::build({part}), "zip");
    EXPECT_TRUE(seen.failed(ErrorCode::Unsupported));
    EXPECT_THAT(seen.names(), IsEmpty());
}

TEST(Zip, ABrokenMemberGivesWhatThereIsAndAnError) {
    ZipPart part = zip_part("a.txt", payload());
    part.data.resize(part.data.size() / 2);
    part.local.packed = part.central.packed = static_cast<std::uint32_t>(part.data.size());
    const Analyzed seen = analyze_archive(ZipBuilder::build({part, harmless()}), "zip");
    EXPECT_TRUE(seen.failed(ErrorCode::Corrupt));
    EXPECT_THAT(seen.names(), ElementsAre("a.txt", "readme.txt"));
    EXPECT_THAT(seen.analysis.children.front().flags, ElementsAre("corrupt"));
}

TEST(Zip, ManyEntriesOnOneMemberAreUnpackedOnce) {
    const std::string one = ZipBuilder::build({zip_part("a", payload())});
    const std::size_t start = one.find("PK\1\2");
    std::string file = one.substr(0, start);
    std::string entry = one.substr(start, one.rfind("PK\5\6") - start);
    for (char name = 'a'; name <= 'z'; ++name) {
        entry.back() = name;
        file += entry;
    }
    std::string end = one.substr(one.rfind("PK\5\6"));
    const auto size = static_cast<unsigned>(26 * entry.size());
    end[12] = static_cast<char>(size & 0xff);
    end[13] = static_cast<char>(size >> 8);
    const Analyzed seen = analyze_archive(file + end, "zip");
    EXPECT_EQ(seen.analysis.children.size(), 1U);
    EXPECT_THAT(seen.codes(), ElementsAre("ARCHIVE_OVERLAP"));
}

TEST(Zip, ASymbolicLinkIsListedAndItsTargetJudged) {
    ZipPart part = zip_part("config", "/etc/passwd", false);
    part.attributes = 0120777U << 16;
    const Analyzed seen = analyze_archive(ZipBuilder::build({part}), "zip");
    EXPECT_TRUE(seen.flagged("link"));
    EXPECT_THAT(seen.codes(), ElementsAre("ARCHIVE_PATH_ATTACK"));
}

TEST(Zip, AFolderIsNoObject) {
    const Analyzed seen =
        analyze_archive(ZipBuilder::build({zip_part("folder/", "", false), harmless()}), "zip");
    EXPECT_THAT(seen.names(), ElementsAre("readme.txt"));
    EXPECT_TRUE(seen.quiet());
}

TEST(Zip, EveryCutOfAFileEndsWithoutACrash) {
    const std::string file = ZipBuilder::build({harmless(), zip_part("a.txt", payload())});
    for (std::size_t length = 0; length <= file.size(); ++length) {
        const Analyzed seen = analyze_archive(std::string_view(file).substr(0, length), "zip");
        EXPECT_LE(seen.analysis.children.size(), 4U);
    }
}

}  // namespace
}  // namespace postern::analyzers
