#pragma once

#include <random>
#include <string>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/api/report.hpp"

namespace postern::testing_support {

/// A small report that uses every field.
inline analyzers::Report sample_report() {
    using namespace analyzers;
    const std::string digest(64, 'a');
    Report report;
    report.message = {.subject = "Invoice é",
                      .from = {"a@example.org", "b@example.org"},
                      .from_names = {"Ann", ""},
                      .reply_to = {"c@example.org"},
                      .message_id = "<1@example.org>",
                      .headers = "Subject: Invoice\nFrom: a@example.org",
                      .preview = "Dear customer"};
    report.objects.push_back({.parent = {},
                              .relation = Relation::Root,
                              .path = "message",
                              .name = "",
                              .size = 5000,
                              .type = "mail",
                              .mime = "message/rfc822",
                              .declared_mime = "",
                              .sha256 = digest,
                              .flags = {}});
    report.objects.push_back({.parent = 0,
                              .relation = Relation::Part,
                              .path = "message/1:a.zip",
                              .name = "a.zip",
                              .size = 400,
                              .type = "zip",
                              .mime = "application/zip",
                              .declared_mime = "application/pdf",
                              .sha256 = digest,
                              .flags = {"type-mismatch", "encrypted"}});
    report.urls.push_back({.url = "HTTP://Example.org/",
                           .normalized = "http://example.org/",
                           .host = "example.org",
                           .object = 1,
                           .where = "html.a.href",
                           .flags = {"text-mismatch"}});
    report.limits.push_back({.limit = Limit::Names, .object = 1, .configured = 7, .observed = 8});
    report.errors.push_back(
        {.object = {}, .analyzer = "jail", .code = ErrorCode::Resource, .detail = "memory"});
    report.findings.push_back(finding("AV_MATCH", "Eicar-Test"));
    report.findings.back().object = 1;
    report.findings.back().ms = 1.25;
    report.findings.push_back(finding("YARA_MATCH", "rule"));
    report.dmarc_reports.push_back(
        {.object = 1,
         .reporter = "Receiver Inc.",
         .contact = "dmarc@receiver.example",
         .id = "2026.1",
         .domain = "example.org",
         .policy = DmarcAction::Reject,
         .begin = 1767225600,
         .end = 1767311999,
         .left_out = 3,
         .rows = {{.source_ip = "192.0.2.1",
                   .count = 7,
                   .disposition = DmarcAction::Quarantine,
                   .reason = DmarcOverride::LocalPolicy,
                   .dkim_aligned = true,
                   .spf_aligned = false,
                   .header_from = "example.org",
                   .envelope_from = "bounce.example.org",
                   .dkim = {{"example.org", "s1", DmarcAuthResult::Pass}},
                   .spf_domain = "bounce.example.org",
                   .spf = DmarcAuthResult::SoftFail}}});
    return report;
}

/// Any valid report, different for each state of `random`.
class ReportMaker {
public:
    explicit ReportMaker(std::uint32_t seed) : random_(seed) {}

    analyzers::Report make() {
        using namespace analyzers;
        Report report;
        report.message = {text(), texts(5), texts(5), texts(5), text(), text(), text()};
        const std::uint32_t objects = 1 + below(8);
        for (std::uint32_t i = 0; i < objects; ++i) {
            Object object{.parent = {},
                          .relation = Relation::Root,
                          .path = text(),
                          .name = text(),
                          .size = random_(),
                          .type = text(),
                          .mime = text(),
                          .declared_mime = text(),
                          .sha256 = std::string(64, "0123456789abcdef"[below(16)]),
                          .flags = texts(3)};
            if (i > 0) object.parent = below(i);
            if (i > 0) object.relation = static_cast<Relation>(1 + below(3));
            report.objects.push_back(std::move(object));
        }
        const auto some_object = [&] {
            return below(2) == 0 ? std::optional<std::uint32_t>() : below(objects);
        };
        for (std::uint32_t i = below(4); i > 0; --i) {
            report.urls.push_back({text(), text(), text(), below(objects), text(), texts(3)});
        }
        for (std::uint32_t i = below(3); i > 0; --i) {
            report.limits.push_back(
                {static_cast<Limit>(below(7)), some_object(), random_(), random_()});
        }
        for (std::uint32_t i = below(3); i > 0; --i) {
            report.errors.push_back(
                {some_object(), text(), static_cast<ErrorCode>(below(6)), text()});
        }
        for (std::uint32_t i = below(4); i > 0; --i) {
            report.findings.push_back({text(), static_cast<Source>(below(5)),
                                       static_cast<Severity>(below(5)),
                                       static_cast<Category>(below(5)), below(200) - 100.0,
                                       some_object(), text(), text(), texts(3), below(1000) / 8.0});
        }
        for (std::uint32_t i = below(3); i > 0; --i) {
            report.dmarc_reports.push_back(dmarc_report(below(objects)));
        }
        return report;
    }

private:
    analyzers::DmarcReport dmarc_report(std::uint32_t object) {
        using namespace analyzers;
        DmarcReport report{object,      text(),      text(),      text(), text(), DmarcAction::None,
                           below(1000), below(1000), below(1000), {}};
        for (std::uint32_t i = below(4); i > 0; --i) {
            DmarcReportRow row{.source_ip = text(),
                               .count = 1 + below(100),
                               .disposition = static_cast<DmarcAction>(below(5)),
                               .reason = static_cast<DmarcOverride>(below(9)),
                               .dkim_aligned = below(2) == 0,
                               .spf_aligned = below(2) == 0,
                               .header_from = text(),
                               .envelope_from = text(),
                               .dkim = {},
                               .spf_domain = text(),
                               .spf = static_cast<DmarcAuthResult>(below(9))};
            for (std::uint32_t k = below(3); k > 0; --k) {
                row.dkim.push_back({text(), text(), static_cast<DmarcAuthResult>(below(9))});
            }
            report.rows.push_back(std::move(row));
        }
        return report;
    }
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(random_() % limit);
    }
    std::string text() {
        static constexpr const char* kPieces[] = {"",     "a",    "invoice", "é",    "\n",
                                                  "日本", "\x7f", "𝒜",       "\"<>&"};
        std::string made;
        for (std::uint32_t i = below(4); i > 0; --i) made += kPieces[below(9)];
        return made;
    }
    std::vector<std::string> texts(std::uint32_t most) {
        std::vector<std::string> made(below(most + 1));
        for (std::string& entry : made) entry = text();
        return made;
    }

    std::mt19937_64 random_;
};

}  // namespace postern::testing_support
