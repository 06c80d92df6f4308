#include "gateway/transaction/mail.hpp"

#include <ctime>

#include "analyzers/base/clean_text.hpp"
#include "gateway/transaction/authenticate.hpp"

namespace postern::transaction {
namespace {

/// Of what is asked while the client still talks: each look-up is bounded, their sum is not.
dns::Budget envelope_budget(const settings::Dns& dns) {
    return {dns.lookups_per_message, dns.timeout, dns::TimePoint::max()};
}

}  // namespace

Mail::Mail(std::shared_ptr<Visit> from, const relay::Envelope& begun)
    : visit(std::move(from)),
      facts(visit->facts),
      inquiry(visit->services.resolver, envelope_budget(visit->services.settings.dns)),
      tls(tls_words(visit->tls)),
      tls_facts(visit->tls),
      envelope(begun) {
    for (const checks::Heard* before : {&visit->at_connect, &visit->at_helo}) {
        heard.findings.insert(heard.findings.end(), before->findings.begin(),
                              before->findings.end());
    }
    facts.sender = {begun.reverse_path, begun.size, begun.smtputf8};
}

void Mail::receive() {
    incoming.emplace(visit->services.spool.open());
    const bool looked_at = is_authenticated(visit->services.settings, facts.connection);
    const auth::OutgoingSigner* signer = visit->services.signer;
    if (!looked_at && (signer == nullptr || !signer->passes_by())) return;
    signed_message.emplace(visit->services.authenticator.intake(std::time(nullptr)));
    incoming->watch({[this, looked_at](std::string_view block) {
                         signed_message->header(block);
                         if (looked_at) ask_ahead(*this);
                     },
                     [this](std::string_view chunk) { signed_message->body(chunk); }});
}

std::vector<std::string> Mail::forward_paths() const {
    std::vector<std::string> paths;
    paths.reserve(recipients.size());
    for (const relay::Recipient& each : recipients) paths.push_back(each.forward_path.text());
    return paths;
}

void log_refusal(const Mail& mail, std::string_view event, const std::string& forward_path,
                 std::string_view check, const smtp::Reply& reply) {
    std::vector<std::string> codes;
    for (const checks::Kept& each : mail.heard.findings) codes.push_back(each.finding.code);
    mail.visit->services.log.line(observe::Level::Info, event,
                                  {{"id", mail.id.text()},
                                   {"connection", mail.visit->id},
                                   {"client_ip", mail.client_ip()},
                                   {"helo", clean_text(mail.helo(), 255)},
                                   {"tls", mail.tls},
                                   {"reverse_path", mail.reverse_path()},
                                   {"forward_path", forward_path},
                                   {"check", check},
                                   {"findings", codes},
                                   {"reply", words_of(reply)}});
}

}  // namespace postern::transaction
