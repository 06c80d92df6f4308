#include "analyzers/clamav/clamav.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzers/base/base64.hpp"
#include "analyzers/clamav/canary.hpp"
#include "tests/analyzers/clamav/database.hpp"

namespace postern::analyzers {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::eicar;
using testing_support::Folder;
using testing_support::hex;
using testing_support::Loaded;

std::string eicar_signature() {
    return "Eicar-Test:0:*:" + hex(eicar()) + "\n";
}

constexpr bool kTakenApart = true;

std::string base64_mail(std::string_view content) {
    return "From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
           "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           base64_encode(as_bytes(content)) + "\r\n";
}

TEST(Clamav, FindsASignatureHoweverItIsWrapped) {
    const Loaded loaded(eicar_signature());
    const struct {
        const char* title;
        std::string bytes;
    } cases[] = {
        {"plain", eicar()},
        {"with text around it", "before\n" + eicar() + "\nafter"},
        {"zip", clamav::zip_of(eicar())},
        {"zip in zip", clamav::zip_of(clamav::zip_of(eicar()))},
        {"base64 in a mail", base64_mail(eicar())},
        {"attachment of a mail", clamav::mail_of(eicar())},
        {"zip in a mail", clamav::mail_of(clamav::zip_of(eicar()))},
        {"mail in a zip", clamav::zip_of(clamav::mail_of(eicar()))},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = loaded.examine(c.bytes);
        ASSERT_THAT(analysis.findings, SizeIs(1));
        EXPECT_EQ(analysis.findings[0].code, "AV_MATCH");
        EXPECT_EQ(analysis.findings[0].severity, Severity::Critical);
        EXPECT_EQ(analysis.findings[0].detail, "Eicar-Test");
        EXPECT_GT(analysis.findings[0].ms, 0);
        EXPECT_THAT(analysis.errors, IsEmpty());
    }
}

TEST(Clamav, SaysNothingOfHarmlessBytes) {
    const Loaded loaded(eicar_signature());
    for (const std::string& bytes : {std::string(), std::string("a"), std::string(100000, 'x'),
                                     clamav::zip_of("harmless"), clamav::mail_of("harmless")}) {
        const Analysis analysis = loaded.examine(bytes);
        EXPECT_THAT(analysis.findings, IsEmpty());
        EXPECT_THAT(analysis.errors, IsEmpty());
        EXPECT_THAT(analysis.limits, IsEmpty());
    }
}

TEST(Clamav, WithoutItsScratchFolderNothingIsCalledClean) {
    Loaded loaded(eicar_signature());
    std::filesystem::remove_all(loaded.scratch.path());
    const Analysis analysis = loaded.examine("harmless");
    ASSERT_FALSE(analysis.errors.empty());
    EXPECT_EQ(analysis.errors[0].code, ErrorCode::Resource);
    EXPECT_EQ(analysis.errors[0].analyzer, "clamav");
    EXPECT_THAT(loaded.engine->prove(), HasSubstr("plain"));
}

TEST(Clamav, ProvesItselfWithAStringNobodyElseKnows) {
    const Loaded one(eicar_signature());
    EXPECT_EQ(one.engine->prove(), "");
    EXPECT_EQ(one.engine->versions().signatures, 1U);
    EXPECT_FALSE(one.engine->versions().engine.empty());
    EXPECT_GT(one.engine->versions().newest, 0);
    EXPECT_NE(clamav::make_canary(), clamav::make_canary());
}

TEST(Clamav, AFolderWithoutSignaturesLoadsAndScansNothing) {
    Loaded loaded("README", "no signature here");
    EXPECT_EQ(loaded.engine->versions().signatures, 0U);
    EXPECT_EQ(loaded.engine->prove(), "");
    const Analysis analysis = loaded.examine("harmless");
    ASSERT_THAT(analysis.errors, SizeIs(1));
    EXPECT_EQ(analysis.errors[0].code, ErrorCode::Unsupported);
    EXPECT_EQ(analysis.errors[0].detail, "no ClamAV signatures are loaded");
}

TEST(Clamav, RefusesWhatIsNoDatabaseByName) {
    const struct {
        const char* title;
        const char* file;
        const char* text;
    } cases[] = {
        {"not hexadecimal", "bad.ndb", "Name:0:*:zzzz\n"},
        {"a line that is no signature", "bad.ndb", "what is this\n"},
        {"a digest that is too short", "bad.hsb", "abc:12:Name:73\n"},
        {"a damaged container", "bad.cvd", "ClamAV-VDB:nonsense"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Folder database;
        database.write("good.ndb", eicar_signature());
        database.write(c.file, c.text);
        ClamavSettings settings;
        settings.database = database.path();
        const auto loaded = ClamavEngine::load(settings);
        ASSERT_FALSE(loaded);
        EXPECT_THAT(loaded.error().file + loaded.error().message, HasSubstr(c.file));
        EXPECT_FALSE(loaded.error().message.empty());
    }
    ClamavSettings settings;
    settings.database = "/nonexistent";
    const auto loaded = ClamavEngine::load(settings);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().file, "/nonexistent");
}

// Signatures for one kind of file have to match although the parser for its container is off.
TEST(Clamav, SignaturesForMailTextAndHtmlStillMatchWhatWeTookApart) {
    const Loaded loaded(
        "Mail:4:*:" + hex("secret-in-mail") + "\nText:7:*:" + hex("secret-in-text") +
        "\nHtml:3:*:" + hex("<b>secret-in-html") + "\nAny:0:*:" + hex("anywhere") + "\n");
    const std::string header =
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n"
        "Message-ID: <1@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n";
    const struct {
        const char* title;
        const char* type;
        std::string bytes;
        const char* name;
    } cases[] = {
        {"mail signature", "mail", header + "secret-in-mail\r\n", "Mail"},
        {"any signature in a mail", "mail", header + "anywhere\r\n", "Any"},
        {"text signature, case and blanks apart", "text", "some SECRET-in-Text in text\n", "Text"},
        {"HTML signature after normalisation", "html",
         "<html><body><P>hello</P><B>\n\n  SECRET-IN-HTML</b></body></html>", "Html"},
        {"any signature in HTML", "html", "<html><body>anywhere</body></html>", "Any"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Analysis analysis = loaded.examine(c.bytes, c.type, kTakenApart);
        ASSERT_THAT(analysis.findings, SizeIs(1));
        EXPECT_EQ(analysis.findings[0].detail, c.name);
    }
}

TEST(Clamav, LeavesToOurAnalyzersOnlyWhatTheyTookApartWithoutTrouble) {
    const Loaded loaded(eicar_signature());
    const std::string zip = clamav::zip_of(base64_mail(eicar()));  // not to be seen from outside
    const std::string packed_mail = base64_mail(eicar());
    EXPECT_THAT(loaded.examine(zip, "zip", kTakenApart).findings, IsEmpty());
    EXPECT_THAT(loaded.examine(packed_mail, "mail", kTakenApart).findings, IsEmpty());

    EXPECT_THAT(loaded.examine(zip, "zip").findings, SizeIs(1));
    EXPECT_THAT(loaded.examine(packed_mail, "mail").findings, SizeIs(1));
    EXPECT_THAT(loaded.examine(zip, "pe", kTakenApart).findings, SizeIs(1)) << "programs keep all";
}

TEST(Clamav, AllParsersCanBeAskedFor) {
    Loaded loaded(eicar_signature());
    loaded.settings.all_parsers = true;
    loaded.load();
    const std::string zip = clamav::zip_of(base64_mail(eicar()));
    EXPECT_THAT(loaded.examine(zip, "zip", kTakenApart).findings, SizeIs(1));
}

TEST(Clamav, AnEncryptedArchiveIsAnErrorAndNoMatch) {
    const Loaded loaded(eicar_signature());
    std::string zip = clamav::zip_of(std::string(64, 'x'));
    for (std::size_t at = 0; (at = zip.find("PK", at)) != std::string::npos; at += 2) {
        if (zip[at + 2] == 3) zip[at + 6] = 1;  // general purpose flag of the local header
        if (zip[at + 2] == 1) zip[at + 8] = 1;  // and of the central directory
    }
    const Analysis analysis = loaded.examine(zip);
    EXPECT_THAT(analysis.findings, IsEmpty());
    ASSERT_THAT(analysis.errors, SizeIs(1));
    EXPECT_EQ(analysis.errors[0].code, ErrorCode::Encrypted);
}

TEST(Clamav, ItsOwnLimitsAreReported) {
    Loaded loaded(eicar_signature());
    loaded.settings.depth = 2;
    loaded.load();
    std::string nested = "harmless";
    for (int i = 0; i < 2; ++i) nested = clamav::zip_of(nested);
    EXPECT_THAT(loaded.examine(nested).limits, IsEmpty());
    for (int i = 0; i < 2; ++i) nested = clamav::zip_of(nested);
    const Analysis analysis = loaded.examine(nested);
    ASSERT_FALSE(analysis.limits.empty());
    EXPECT_EQ(analysis.limits[0].limit, Limit::Depth);
    EXPECT_EQ(analysis.limits[0].configured, 2U);
    EXPECT_THAT(analysis.findings, IsEmpty());
}

TEST(Clamav, UnwantedProgramsAreAHintAndOnlyWhenAskedFor) {
    const std::string signature = "PUA.Win.Tool.Test:0:*:" + hex("unwanted-program") + "\n";
    Loaded loaded("test.ndu", signature);
    EXPECT_EQ(loaded.engine->versions().signatures, 0U);
    loaded.settings.unwanted = true;
    loaded.load();
    const Analysis analysis = loaded.examine("an unwanted-program here");
    ASSERT_THAT(analysis.findings, SizeIs(1));
    EXPECT_EQ(analysis.findings[0].code, "AV_HEURISTIC");
}

TEST(Clamav, ReportsAllMatchesUpToItsLimit) {
    std::string signatures;
    for (int i = 0; i < 40; ++i) {
        signatures +=
            "Same-" + std::to_string(i) + ":0:*:" + hex("matched by many signatures") + "\n";
    }
    const Loaded loaded(signatures);
    EXPECT_THAT(loaded.examine("matched by many signatures").findings, SizeIs(kMaxClamavMatches));
}

}  // namespace
}  // namespace postern::analyzers
