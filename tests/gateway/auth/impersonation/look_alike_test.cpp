#include "gateway/auth/impersonation/look_alike.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace postern::auth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Skeleton, IsTheSameForWhatLooksTheSame) {
    const struct {
        const char* one;
        const char* other;
    } cases[] = {
        {"paypal", "p\xD0\xB0ypal"},              // Cyrillic a
        {"paypal", "PayPal"},                     //
        {"paypal", "p\xC3\xA1ypal"},              // acute
        {"paypal", "pay\xE2\x80\x8Bpal"},         // zero width space
        {"paypal", "paypa1"},                     //
        {"modern", "modem"},                      //
        {"vvest", "west"},                        //
        {"apple", "\xEF\xBD\x81\xEF\xBD\x90ple"}  // full width
    };
    for (const auto& each : cases)
        EXPECT_EQ(skeleton(each.one), skeleton(each.other)) << each.other;
    EXPECT_NE(skeleton("paypal"), skeleton("paypel"));
    EXPECT_NE(skeleton("mail"), skeleton("mall"));
}

TEST(Skeleton, NeverFails) {
    EXPECT_EQ(skeleton(""), "");
    EXPECT_FALSE(skeleton("\xFF\xFE").empty());
    EXPECT_FALSE(skeleton(std::string(1'000'000, 'x')).empty());
}

TEST(NameWords, AreThoseThatAPersonReads) {
    const std::vector<std::string> jane = name_words("Jane Doe");
    for (const char* same : {"Doe, Jane", "JANE DOE", "Dr. Jane Doe", "Jane Q. Doe",
                             "\"Jane  Doe\"", "J\xC3\xA0ne Doe", "J\xD0\xB0ne Doe",
                             "Jane\xC2\xA0"
                             "Doe"}) {
        EXPECT_EQ(name_words(same), jane) << same;
    }
    for (const char* other : {"Jane", "Jane Roe", "Jane Doe Smith", "Janet Doe", ""}) {
        EXPECT_NE(name_words(other), jane) << other;
    }
    EXPECT_THAT(name_words("..."), IsEmpty());
    EXPECT_EQ(name_words("O'Neil Ann"), name_words("Ann O\xE2\x80\x99Neil"));
}

TEST(Edits, CountInsertionsDeletionsReplacementsAndSwaps) {
    EXPECT_EQ(edits(U"abc", U"abc", 2), 0U);
    EXPECT_EQ(edits(U"abc", U"abd", 2), 1U);
    EXPECT_EQ(edits(U"abc", U"acb", 2), 1U);
    EXPECT_EQ(edits(U"abc", U"ab", 2), 1U);
    EXPECT_EQ(edits(U"abc", U"xabcy", 2), 2U);
    EXPECT_EQ(edits(U"abc", U"xyz", 2), 3U);
    EXPECT_EQ(edits(U"", U"abcd", 2), 3U);
}

TEST(Likeness, SaysHowADomainImitatesOurs) {
    const struct {
        const char* seen;
        const char* ours;
        Likeness expected;
    } cases[] = {
        {"example.org", "example.org", Likeness::None},
        {"EXAMPLE.org", "example.org", Likeness::None},
        {"example.com", "example.org", Likeness::OtherSuffix},
        {"examp1e.org", "example.org", Likeness::SameLook},
        {"exarnple.org", "example.org", Likeness::SameLook},
        {"xn--exmple-4nf.org", "example.org", Likeness::SameLook},  // Cyrillic a
        {"exampel.org", "example.org", Likeness::OneOff},
        {"exmple.org", "example.org", Likeness::OneOff},
        {"example-billing.org", "example.org", Likeness::Holds},
        {"myexample.net", "example.org", Likeness::Holds},
        {"sample.org", "example.org", Likeness::None},
        {"acne.org", "acme.org", Likeness::None},  // short names have honest neighbours
        {"internationalbankk.org", "internationalbank.org", Likeness::OneOff},
        {"internatoinalbnak.org", "internationalbank.org", Likeness::OneOff},
        {"xn--a.org", "example.org", Likeness::None},  // no A-label
        {"org", "example.org", Likeness::None},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(likeness(brand_of(each.seen), brand_of(each.ours)), each.expected) << each.seen;
    }
}

TEST(SkeletonPublished, AgreesWithUnicodesConfusables) {
    const char* suites = std::getenv("POSTERN_SUITES");
    if (suites == nullptr) GTEST_SKIP() << "the npm package unhomoglyph has them: data.json";
    std::ifstream file(std::string(suites) + "/idn-confusables/confusables.json");
    const auto table = nlohmann::json::parse(file);
    std::size_t tried = 0;
    for (const auto& [seen, value] : table.items()) {
        // What imitates a letter or digit that a brand's label can have.
        const auto prototype = value.get<std::string>();
        if (prototype.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") !=
            std::string::npos) {
            continue;
        }
        ++tried;
        EXPECT_EQ(skeleton("b" + seen + "nd"), skeleton("b" + prototype + "nd")) << seen;
    }
    EXPECT_GT(tried, 500U);
}

}  // namespace
}  // namespace postern::auth
