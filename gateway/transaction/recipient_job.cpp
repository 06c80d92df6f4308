#include "gateway/transaction/recipient_job.hpp"

#include "gateway/checks/recipient/memory.hpp"

namespace postern::transaction {
namespace {

using checks::Stage;

/// <postmaster> is ours wherever we are (RFC 5321 4.5.1).
Outcome<mail::Mailbox, mail::AddressError> mailbox_of(const mail::ForwardPath& path,
                                                      const settings::Settings& settings) {
    if (const auto* mailbox = std::get_if<mail::Mailbox>(&path)) return *mailbox;
    const std::string& domain =
        settings.accept_domains.empty() ? settings.smtp.hostname : settings.accept_domains.front();
    return mail::Mailbox::parse("postmaster@" + domain);
}

/// The client named somebody who does not exist.
void count_unknown(const Mail& mail, const std::string& detail) {
    const Services& services = mail.visit->services;
    if (mail.facts.connection.trusted) return;
    checks::note_unknown_recipient(services.state, mail.facts.connection.client,
                                   services.checks.at("harvest").options);
    offend(services, mail.facts.connection, "unknown_recipient", "unknown recipient " + detail);
}

bool is_unknown(const smtp::Reply& reply) {
    return reply.code >= 550 && reply.code <= 553 && reply.enhanced.starts_with("5.1.");
}

/// A recipient that is refused leaves nothing behind: its findings are not those of the others.
std::optional<RecipientAnswer> refusal_in(Mail& mail, const mail::Mailbox& mailbox,
                                          std::size_t findings_before) {
    if (!mail.heard.refusal) return std::nullopt;
    RecipientAnswer answer{traced(*mail.heard.refusal, mail.id.text()), false,
                           std::string(mail.heard.refused_by)};
    log_refusal(mail, "recipient_refused", mailbox.text(), answer.refused_by, answer.reply);
    mail.heard.refusal.reset();
    mail.heard.findings.resize(findings_before);
    if (is_unknown(answer.reply)) count_unknown(mail, mailbox.text());
    return answer;
}

void remember(const Mail& mail, const mail::Mailbox& mailbox, const smtp::Reply& reply) {
    const checks::Configured& probe = mail.visit->services.checks.at("recipient_probe");
    if (probe.mode == checks::Mode::Off) return;
    if (!reply.positive() && !is_unknown(reply)) return;
    const state::RecipientCache cache(mail.visit->services.state,
                                      checks::recipient_memory(probe.options));
    (void)cache.note(mailbox, {reply.positive(), words_of(reply)});
}

RecipientAnswer ask_next_hop(Mail& mail, const relay::Recipient& recipient) {
    const Services& services = mail.visit->services;
    const auto answered = [&](const smtp::PeerReply& said) {
        const smtp::Reply reply{said.code, said.enhanced, said.text};
        return said.positive() ? reply : traced(reply, mail.id.text());
    };
    if (!mail.delivery) {
        auto begun = services.next_hop.begin(mail.envelope);
        if (!begun) {
            services.log.line(observe::Level::Warning, "next_hop",
                              {{"id", mail.id.text()}, {"error", begun.error().detail}});
            return {answered(begun.error().reply), false, "next_hop"};
        }
        mail.delivery.emplace(std::move(begun).value());
    }
    const smtp::PeerReply said = mail.delivery->recipient(recipient);
    const smtp::Reply reply = answered(said);
    if (const std::string& problem = mail.delivery->problem(); !problem.empty()) {
        services.log.line(observe::Level::Warning, "next_hop",
                          {{"id", mail.id.text()}, {"error", problem}});
    } else {
        remember(mail, recipient.forward_path, reply);
    }
    if (said.positive()) {
        mail.recipients.push_back(recipient);
        return {reply, true, {}};
    }
    log_refusal(mail, "recipient_refused", recipient.forward_path.text(), "next_hop", reply);
    if (is_unknown(reply)) count_unknown(mail, recipient.forward_path.text());
    return {reply, false, "next_hop"};
}

}  // namespace

std::optional<RecipientAnswer> recipient_at_once(Mail& mail, const smtp::RcptTo& to) {
    const Services& services = mail.visit->services;
    const auto mailbox = mailbox_of(to.path, services.settings);
    if (!mailbox) {
        return RecipientAnswer{
            traced({550, "5.1.3", "The recipient's address is no address"}, mail.id.text()), false,
            "address"};
    }
    mail.facts.recipient = {*mailbox, mail.recipients.size()};
    const std::size_t before = mail.heard.findings.size();
    examine_at_once(services, Stage::Recipient, mail.facts, mail.inquiry, mail.heard);
    return refusal_in(mail, *mailbox, before);
}

RecipientAnswer recipient_job(Mail& mail, const smtp::RcptTo& to) {
    const Services& services = mail.visit->services;
    const mail::Mailbox mailbox = mail.facts.recipient->forward_path;
    const std::size_t before = mail.heard.findings.size();
    examine_waiting(services, Stage::Recipient, mail.facts, mail.inquiry, mail.heard);
    if (auto refused = refusal_in(mail, mailbox, before)) return std::move(*refused);
    return ask_next_hop(mail, {mailbox, to.dsn_notify, to.dsn_original});
}

}  // namespace postern::transaction
