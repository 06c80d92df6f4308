#include "gateway/reports/queued_mail.hpp"

namespace postern::reports {

bool queue_mail(quarantine::Store& store, const OwnMail& mail, std::string_view message,
                const char* actor, quarantine::UnixMs now) {
    quarantine::Record record{.summary = {.id = quarantine::QuarantineId::make()}};
    quarantine::Summary& summary = record.summary;
    summary.received = now;
    summary.reverse_path = mail.from;
    summary.recipients.push_back({mail.to, {}, {}, 0});
    summary.subject = mail.subject;
    summary.from = {mail.from};
    summary.message_id = mail.message_id;
    summary.verdict = quarantine::VerdictClass::Clean;
    summary.action = quarantine::VerdictAction::Deliver;
    record.report_json = "{}";
    const auto kept = store.put(record, message);
    return kept && store.request_release(*kept, {}, {actor, ""}, true);
}

std::string domain_of(const std::string& mailbox) {
    return mailbox.substr(mailbox.rfind('@') + 1);
}

}  // namespace postern::reports
