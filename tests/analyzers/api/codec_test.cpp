#include "analyzers/api/codec.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "tests/analyzers/api/sample_report.hpp"

namespace postern::analyzers {
namespace {

using testing_support::ReportMaker;
using testing_support::sample_report;

Report decoded(const std::string& framed) {
    auto report = decode(framed);
    EXPECT_TRUE(report) << describe(report ? CodecError::TooLong : report.error());
    return report ? std::move(report).value() : Report{};
}

TEST(Codec, GivesBackEveryFieldItWasGiven) {
    const Report report = sample_report();
    EXPECT_EQ(decoded(encode(report)), report);
}

TEST(Codec, GivesBackAnyReport) {
    ReportMaker maker(2026);
    for (int i = 0; i < 500; ++i) {
        const Report report = maker.make();
        const std::string framed = encode(report);
        ASSERT_EQ(decoded(framed), report);
        ASSERT_EQ(encode(decoded(framed)), framed);
    }
}

TEST(Codec, RefusesEveryBeginningOfAReport) {
    const std::string framed = encode(sample_report());
    for (std::size_t length = 0; length < framed.size(); ++length) {
        const auto report = decode(std::string_view(framed).substr(0, length));
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error(), CodecError::Truncated) << length;
    }
}

// Sets the announced length to what follows, so that the body is read.
std::string with_length(std::string framed) {
    std::uint64_t length = framed.size() - kReportHeader;
    for (std::size_t i = 0; i < 8; ++i, length >>= 8)
        framed[8 + i] = static_cast<char>(length & 0xFF);
    return framed;
}

std::string replaced(std::string bytes, std::string_view what, std::string_view with) {
    const std::size_t at = bytes.find(what);
    EXPECT_NE(at, std::string::npos);
    return bytes.replace(at, what.size(), with);
}

TEST(Codec, RefusesHostileBytes) {
    using namespace std::string_literals;
    const std::string good = encode(sample_report());
    const auto changed = [&](const std::function<void(Report&)>& change) {
        Report report = sample_report();
        change(report);
        return encode(report);
    };
    Report plain;
    plain.objects = {sample_report().objects.front()};
    const std::string small = encode(plain);
    // Behind the root object come five empty sections: tag and count each.
    const std::size_t urls = small.size() - 5 * 5;
    const auto at = [&](std::size_t position, const std::string& bytes) {
        return std::string(small).replace(position, bytes.size(), bytes);
    };
    const struct {
        const char* title;
        std::string bytes;
        CodecError error;
    } cases[] = {
        {"nothing", "", CodecError::Truncated},
        {"too long", std::string(kMaxReport + 1, '\0'), CodecError::TooLong},
        {"another magic", replaced(good, "PSTR", "PSTS"), CodecError::BadMagic},
        {"another version", std::string(good).replace(4, 1, "\x63"), CodecError::BadVersion},
        {"a length of 2^64 - 1", std::string(good).replace(8, 8, 8, '\xFF'), CodecError::TooLong},
        {"a length beyond the limit", std::string(good).replace(8, 8, "\0\0\x10\0\0\0\0\0"s),
         CodecError::TooLong},
        {"a byte behind the frame", good + "x", CodecError::Trailing},
        {"a byte behind the last section", with_length(good + "x"), CodecError::Trailing},
        {"a section twice", at(urls, "\x02"), CodecError::BadTag},
        {"sections out of order", at(urls, "\x04"), CodecError::BadTag},
        {"an unknown section", at(urls, "\x63"), CodecError::BadTag},
        {"a count of 2^32 - 1", at(urls + 1, "\xFF\xFF\xFF\xFF"), CodecError::BadCount},
        {"a count of one where nothing follows", at(urls + 16, "\x01"), CodecError::BadCount},
        {"a byte that is no UTF-8", replaced(good, "customer", "custome\xFF"), CodecError::BadText},
        {"a surrogate", replaced(good, "customer", "custo\xED\xA0\x80"), CodecError::BadText},
        {"a text of 2^32 - 1 bytes",
         replaced(good, "\x0D\0\0\0Dear"s,
                  "\xFF\xFF\xFF\xFF"
                  "Dear"s),
         CodecError::BadText},
        {"a text that ends behind the report",
         replaced(small, "\x07\0\0\0message"s, "\xFF\x3F\0\0message"s), CodecError::Truncated},
        {"a digest in capitals", replaced(good, std::string(64, 'a'), std::string(64, 'A')),
         CodecError::BadDigest},
        {"a digest that is none", replaced(good, std::string(64, 'a'), std::string(64, 'x')),
         CodecError::BadDigest},
        {"no object",
         with_length(small.substr(0, small.find("\x02\x01\0\0\0"s)) + "\x02\0\0\0\0"s +
                     small.substr(urls)),
         CodecError::BadReference},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto report = decode(c.bytes);
        ASSERT_FALSE(report);
        EXPECT_EQ(describe(report.error()), describe(c.error));
    }
    EXPECT_TRUE(decode(changed([](Report&) {})));
}

// One entry at a time, changed in its encoded form: encode() itself refuses to write these.
TEST(Codec, RefusesReferencesAndValuesOutOfRange) {
    using namespace std::string_literals;
    Report report;
    report.objects = {sample_report().objects[0], sample_report().objects[1]};
    report.limits = {{.limit = Limit::Names, .object = 1, .configured = 7, .observed = 8}};
    const std::string good = encode(report);
    const std::size_t second = good.find("\x01\0\0\0\0\x01\x0F\0\0\0message/1"s);
    ASSERT_NE(second, std::string::npos);
    const std::size_t hit = good.size() - 3 * 5 - (1 + 5 + 16);
    const auto at = [&](std::size_t position, const std::string& bytes) {
        return std::string(good).replace(position, bytes.size(), bytes);
    };
    const struct {
        const char* title;
        std::string bytes;
        CodecError error;
    } cases[] = {
        {"an object that is its own parent", at(second + 1, "\x01"), CodecError::BadReference},
        {"a parent that comes later", at(second + 1, "\xFF\xFF\xFF\xFF"), CodecError::BadReference},
        {"a second root", at(second + 5, "\0"s), CodecError::BadReference},
        {"a relation that is none", at(second + 5, "\x04"), CodecError::BadValue},
        {"a flag that is neither there nor not", at(second, "\x02"), CodecError::BadValue},
        {"a limit that is none", at(hit, "\x07"), CodecError::BadValue},
        {"a limit in an object that does not exist", at(hit + 2, "\x02"), CodecError::BadReference},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto answer = decode(c.bytes);
        ASSERT_FALSE(answer);
        EXPECT_EQ(describe(answer.error()), describe(c.error));
    }
}

TEST(Codec, RefusesNumbersThatAreNone) {
    Report report = sample_report();
    report.findings[0].score = 15.5;
    const std::string good = encode(report);
    const auto bytes_of = [](double value) {
        std::string bytes(sizeof value, '\0');
        std::memcpy(bytes.data(), &value, sizeof value);
        return bytes;
    };
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), 100.5, -1e300}) {
        const auto answer = decode(replaced(good, bytes_of(15.5), bytes_of(bad)));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error(), CodecError::BadValue);
    }
}

TEST(Codec, RowsOfDmarcReportsAreBounded) {
    using namespace std::string_literals;
    Report report = sample_report();
    report.limits.clear();
    report.errors.clear();
    report.dmarc_reports[0].left_out = 1;
    report.dmarc_reports[0].rows.resize(kMaxDmarcRows, report.dmarc_reports[0].rows[0]);
    EXPECT_EQ(decoded(encode(report)), report);
    report.dmarc_reports[0].rows.push_back(report.dmarc_reports[0].rows[0]);
    EXPECT_EQ(decoded(encode(report)).dmarc_reports[0].rows.size(), kMaxDmarcRows);
    EXPECT_EQ(decoded(encode(report)).dmarc_reports[0].left_out, 2U);
    report.dmarc_reports.resize(kMaxDmarcReports + 1, report.dmarc_reports[0]);
    const Report cut = decoded(encode(report));  // more than fits
    ASSERT_EQ(cut.dmarc_reports.size(), kMaxDmarcReports);
    EXPECT_EQ(cut.urls.size(), 1U);
    EXPECT_TRUE(cut.complete());
    for (const DmarcReport& each : cut.dmarc_reports) {
        EXPECT_EQ(each.rows.size() + each.left_out, kMaxDmarcRows + 2);
    }
    EXPECT_EQ(cut.dmarc_reports.back().rows.size(), 0U);
}

TEST(Codec, RefusesDmarcReportsThatBreakTheirLimits) {
    using namespace std::string_literals;
    const std::string good = encode(sample_report());
    const struct {
        const char* title;
        std::string bytes;
        CodecError error;
    } cases[] = {
        {"no message",
         replaced(good,
                  "\x09\0\0\0"
                  "192.0.2.1\x07"s,
                  "\x09\0\0\0"
                  "192.0.2.1\0"s),
         CodecError::BadValue},
        {"more messages than there are",
         replaced(good, "192.0.2.1\x07\0\0\0\0\0\0\0"s, "192.0.2.1\x07\0\0\0\x01\0\0\0"s),
         CodecError::BadValue},
        {"a disposition that is none",
         replaced(good, "192.0.2.1\x07\0\0\0\0\0\0\0\x03"s, "192.0.2.1\x07\0\0\0\0\0\0\0\x05"s),
         CodecError::BadValue},
        {"neither aligned nor not",
         replaced(good, "\x06\x01\0\x0B\0\0\0example.org"s, "\x06\x02\0\x0B\0\0\0example.org"s),
         CodecError::BadValue},
        {"a text over its limit",
         replaced(good,
                  "\x06\0\0\0"
                  "2026.1"s,
                  "\0\x01\0\0" + std::string(256, 'x')),
         CodecError::BadText},
        {"more signatures than are allowed",
         replaced(good, "\x01\0\0\0\x0B\0\0\0example.org\x02\0\0\0s1"s,
                  "\x09\0\0\0\x0B\0\0\0example.org\x02\0\0\0s1"s),
         CodecError::BadCount},
        {"an object that does not exist",
         replaced(good, "\x01\0\0\0\x0D\0\0\0Receiver"s, "\x02\0\0\0\x0D\0\0\0Receiver"s),
         CodecError::BadReference},
        {"nine reports",
         replaced(good, "\x07\x01\0\0\0\x01\0\0\0\x0D"s, "\x07\x09\0\0\0\x01\0\0\0\x0D"s),
         CodecError::BadCount},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto answer = decode(with_length(c.bytes));
        ASSERT_FALSE(answer);
        EXPECT_EQ(describe(answer.error()), describe(c.error));
    }
}

TEST(Codec, BringsIntoRangeWhatAnHonestWorkerGotWrong) {
    Report report = sample_report();
    report.message.subject = "bad \xFF byte";
    report.message.headers = std::string(kMaxHeaders + 1, 'h') + "é";
    report.objects[1].flags.assign(kMaxListEntries + 1, "flag");
    report.urls[0].url = std::string(kMaxText + 1, 'u');
    report.findings[0].score = 1e9;
    report.findings[1].score = std::numeric_limits<double>::quiet_NaN();
    const Report back = decoded(encode(report));
    EXPECT_EQ(back.message.subject, "bad \xEF\xBF\xBD byte");
    EXPECT_LE(back.message.headers.size(), kMaxHeaders);
    EXPECT_EQ(back.objects[1].flags.size(), kMaxListEntries);
    EXPECT_LE(back.urls[0].url.size(), kMaxText);
    EXPECT_EQ(back.urls[0].flags.back(), "truncated");
    EXPECT_EQ(back.findings[0].score, kMaxScore);
    EXPECT_EQ(back.findings[1].score, 0);
}

TEST(Codec, AReportThatJustFitsIsNotCut) {
    Report report = sample_report();
    report.limits.clear();
    report.errors.clear();
    report.dmarc_reports.clear();
    const std::size_t each = encode(report).size();
    Report more = report;
    more.urls.push_back(report.urls[0]);
    const std::size_t url = encode(more).size() - each;
    const std::size_t fit = (kMaxReport - each) / url;
    report.urls.resize(1 + fit, report.urls[0]);
    EXPECT_TRUE(decoded(encode(report)).complete());
    EXPECT_EQ(decoded(encode(report)).urls.size(), 1 + fit);
    report.urls.push_back(report.urls[0]);
    const Report cut = decoded(encode(report));
    EXPECT_FALSE(cut.complete());
    ASSERT_EQ(cut.limits.size(), 1U);
    EXPECT_EQ(cut.limits[0].limit, Limit::Names);
    EXPECT_EQ(cut.limits[0].observed, fit + 2);
    EXPECT_EQ(cut.limits[0].configured, cut.urls.size());
}

TEST(Codec, TooManyObjectsAreCutAndFindingsMoveToTheAncestorThatIsLeft) {
    Report report = sample_report();
    for (std::uint32_t i = 2; i < 20000; ++i) {
        Object object = report.objects[1];
        object.parent = i - 1;
        report.objects.push_back(std::move(object));
    }
    report.findings[0].object = 19999;
    report.urls[0].object = 19999;
    const std::string framed = encode(report);
    EXPECT_LE(framed.size(), kMaxReport);
    const Report back = decoded(framed);
    EXPECT_LT(back.objects.size(), 20000U);
    EXPECT_EQ(back.findings.size(), 2U);
    EXPECT_EQ(back.findings[0].object, back.objects.size() - 1);
    EXPECT_FALSE(back.complete());
}

TEST(Codec, FindingsAreKeptBeforeObjectsAndUrls) {
    Report report = sample_report();
    report.objects.resize(12000, report.objects[1]);
    report.urls.resize(12000, report.urls[0]);
    report.findings.resize(2000, report.findings[0]);
    const Report back = decoded(encode(report));
    EXPECT_EQ(back.findings.size(), 2000U);
    EXPECT_LT(back.objects.size(), 12000U);
    report.findings.resize(20000, report.findings[0]);
    const Report full = decoded(encode(report));
    EXPECT_LT(full.findings.size(), 20000U);
    EXPECT_GE(full.objects.size(), 1U);
    EXPECT_FALSE(full.complete());
}

}  // namespace
}  // namespace postern::analyzers
