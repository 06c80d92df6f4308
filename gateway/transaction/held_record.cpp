#include "gateway/transaction/held_record.hpp"

#include "analyzers/base/clean_text.hpp"
#include "gateway/mail/address_list.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::transaction {
namespace {

// Both sides list the words of the contracts in the same order.
static_assert(static_cast<int>(quarantine::VerdictClass::Malware) ==
              static_cast<int>(verdict::MailClass::Malware));
static_assert(static_cast<int>(quarantine::VerdictClass::Spam) ==
              static_cast<int>(verdict::MailClass::Spam));
static_assert(static_cast<int>(quarantine::VerdictAction::Defer) ==
              static_cast<int>(verdict::Action::Defer));

constexpr std::size_t kMostAuthors = 20;

std::string first_value(const mail::HeaderBlock& header, std::string_view name) {
    const auto fields = header.all(name);
    if (fields.empty()) return {};
    return clean_text(fields.front().unfolded(), quarantine::kMaxField);
}

/// Where no worker lived to tell. Encoded words stay as they are: decoding is for the jail.
void take_from_header(std::string_view block, quarantine::Summary& summary) {
    const mail::HeaderBlock header(block);
    summary.subject = first_value(header, "Subject");
    summary.message_id = first_value(header, "Message-ID");
    const auto authors =
        mail::parse_address_list(first_value(header, "From"), {.addresses = kMostAuthors});
    if (!authors) return;
    for (const mail::ListedAddress& each : authors->addresses) {
        summary.from.push_back(
            clean_text(each.local_part + '@' + each.domain, quarantine::kMaxField));
    }
}

}  // namespace

quarantine::VerdictClass class_of(verdict::MailClass mail_class) {
    return static_cast<quarantine::VerdictClass>(mail_class);
}

quarantine::VerdictAction action_of(verdict::Action action) {
    return static_cast<quarantine::VerdictAction>(action);
}

verdict::EnvelopeFacts envelope_facts(const Mail& mail) {
    return {mail.client_ip(),     mail.facts.connection.iprev.name,
            mail.helo(),          mail.reverse_path(),
            mail.forward_paths(), mail.tls};
}

quarantine::Record held_record(const Mail& mail, const analyzers::Report& report,
                               const verdict::Verdict& verdict,
                               const std::vector<std::string>& recipients,
                               const std::string& scan_json) {
    quarantine::Record record{.summary = {.id = mail.id}};
    quarantine::Summary& summary = record.summary;
    summary.received = mail.id.time();
    summary.client_ip = mail.client_ip();
    summary.helo = clean_text(mail.helo(), quarantine::kMaxField);
    summary.reverse_path = mail.reverse_path();
    for (const std::string& each : recipients) summary.recipients.push_back({each, {}, {}, 0});
    summary.subject = clean_text(report.message.subject, quarantine::kMaxField);
    summary.from = report.message.from;
    summary.message_id = clean_text(report.message.message_id, quarantine::kMaxField);
    summary.size = mail.message->size;
    summary.sha256 = mail.message->sha256;
    summary.verdict = class_of(verdict.worst.mail_class);
    summary.action = action_of(verdict::Action::Quarantine);
    summary.score = verdict.worst.score;
    summary.reasons = verdict.worst.reasons;
    summary.eight_bit = mail.envelope.eight_bit;
    summary.smtputf8 = mail.envelope.smtputf8;
    // A worker that died told nothing: the header block as it came is better than none.
    const bool told = !report.message.headers.empty();
    if (!told) take_from_header(mail.message->header, summary);
    record.headers =
        clean_lines(told ? report.message.headers : mail.message->header, analyzers::kMaxHeaders);
    record.preview = clean_lines(report.message.preview, analyzers::kMaxPreview);
    record.report_json = scan_json;
    return record;
}

}  // namespace postern::transaction
