#include "gateway/transaction/received_reports.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::transaction {
namespace {

using analyzers::DmarcReport;
using analyzers::DmarcReportRow;
using quarantine::ReportKept;
using verdict::Action;

/// Whether one of the mailboxes for reports gets this message.
bool is_delivered(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    const auto& mailboxes = mail.visit->services.settings.dmarc.reports_to;
    if (!course.verdict) return false;
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
        const std::string path = ascii_lower(mail.recipients[i].forward_path.text());
        if (std::find(mailboxes.begin(), mailboxes.end(), path) == mailboxes.end()) continue;
        const Action action = course.verdict->recipients.at(i).action;
        const smtp::Reply& own = reply.recipients.empty() ? reply : reply.recipients.at(i);
        if (own.positive() && (action == Action::Deliver || action == Action::Tag)) return true;
    }
    return false;
}

void clean(std::string& text) {
    text = clean_text(text, analyzers::kMaxDmarcText);
}

/// The worker has cleaned it; it may lie. False: nothing to keep.
bool clean_row(DmarcReportRow& row) {
    const auto address = mail::IpAddress::parse(row.source_ip);
    if (!address) return false;
    row.source_ip = address->text();
    clean(row.header_from);
    clean(row.envelope_from);
    clean(row.spf_domain);
    for (auto& signature : row.dkim) {
        clean(signature.domain);
        clean(signature.selector);
    }
    return true;
}

bool clean_report(DmarcReport& report) {
    for (auto* text : {&report.reporter, &report.contact, &report.id, &report.domain}) {
        clean(*text);
    }
    report.domain = ascii_lower(report.domain);
    report.left_out += std::erase_if(report.rows, [](auto& row) { return !clean_row(row); });
    return !report.reporter.empty() && !report.id.empty() && !report.domain.empty() &&
           report.begin <= report.end;
}

const char* word_of(ReportKept kept) {
    switch (kept) {
        case ReportKept::New:
            return "new";
        case ReportKept::Known:
            return "known";
        case ReportKept::NoRoom:
            break;
    }
    return "no_room";
}

void keep(const Mail& mail, const DmarcReport& report, const std::string& sender) {
    const Services& services = mail.visit->services;
    const auto kept = services.store.received_reports().add(
        report, {quarantine::now_ms(), mail.id.text(), sender}, services.settings.dmarc.max_rows);
    if (!kept) {
        warn(mail, "dmarc_report_not_kept", kept.error().detail);
        return;
    }
    services.log.line(observe::Level::Info, "dmarc_report_received",
                      {{"id", mail.id.text()},
                       {"reporter", report.reporter},
                       {"sender", sender},
                       {"domain", report.domain},
                       {"rows", report.rows.size()},
                       {"left_out", report.left_out},
                       {"result", word_of(*kept)}});
}

}  // namespace

void keep_received_reports(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    if (!course.report || course.report->dmarc_reports.empty()) return;
    if (!is_delivered(mail, course, reply)) return;
    const auto& dmarc = mail.facts.message->auth.dmarc;
    const bool proven = dmarc && dmarc->result == auth::DmarcResult::Pass;
    for (DmarcReport report : course.report->dmarc_reports) {
        if (clean_report(report)) keep(mail, report, proven ? dmarc->domain : std::string());
    }
}

}  // namespace postern::transaction
