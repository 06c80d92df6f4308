#include "gateway/transaction/authenticate.hpp"

#include <unistd.h>

#include <ctime>

#include "gateway/auth/trace/authentication_results.hpp"
#include "gateway/checks/names.hpp"

namespace postern::transaction {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;

const std::string& authserv_id(const Services& services) {
    const std::string& own = services.settings.auth.authserv_id;
    return own.empty() ? services.settings.smtp.hostname : own;
}

auth::trace::FieldFacts field_facts(const Mail& mail) {
    return {authserv_id(mail.visit->services), mail.client_ip(), mail.helo(), mail.reverse_path()};
}

auth::Sender sender_of(const Mail& mail) {
    return {mail.facts.connection.client, mail.helo(), mail.reverse_path(), std::time(nullptr)};
}

/// `header`, then what stands behind the old one.
Outcome<spool::Sealed, spool::SpoolError> rebuilt(const Mail& mail, const std::string& header) {
    using Next = spool::Incoming::Next;
    spool::Incoming copy = mail.visit->services.spool.open();
    const auto add = [&](std::string_view bytes) {
        if (copy.append(bytes) == Next::FlushFirst) (void)copy.flush();  // seal() tells
    };
    add(header);
    std::string piece(kPiece, '\0');
    std::uint64_t at = mail.message->header.size();
    while (at < mail.message->size) {
        const ssize_t got =
            ::pread(mail.message->file.get(), piece.data(), piece.size(), static_cast<off_t>(at));
        if (got <= 0) return Failure{spool::SpoolError::Failed};
        add(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        at += static_cast<std::uint64_t>(got);
    }
    return copy.seal();
}

}  // namespace

bool is_authenticated(const settings::Settings& settings, const checks::ConnectionFacts& client) {
    return !client.trusted || settings.auth.trusted_clients;
}

void ask_ahead(Mail& mail) {
    mail.visit->services.authenticator.ask_ahead(sender_of(mail), *mail.signed_message,
                                                 mail.inquiry);
}

void authenticate(Mail& mail, dns::Inquiry& inquiry) {
    if (!mail.signed_message) return;
    checks::ConnectionFacts& connection = mail.facts.connection;
    auth::Results& results = mail.facts.message->auth;
    const auth::Authenticator& authenticator = mail.visit->services.authenticator;
    mail.signed_message->end();
    const Services& services = mail.visit->services;
    if (!is_authenticated(services.settings, connection)) return;  // it is there to be signed
    const auth::Sender sender = sender_of(mail);
    authenticator.ask_ahead(sender, *mail.signed_message, inquiry);
    authenticator.envelope(sender, inquiry, results);
    checks::ClientName name = checks::client_name(inquiry, connection);
    connection.iprev = name.iprev;
    connection.reverse_names = std::move(name.reverse_names);
    results.iprev = connection.iprev;
    auto evaluation = authenticator.message(*mail.signed_message, inquiry, results);
    // Reports are about strangers.
    const bool told = services.reports != nullptr || services.failure_reports != nullptr;
    if (told && !connection.trusted) {
        mail.evaluation = std::move(evaluation);
    }
    const auth::OutgoingSigner* signer = services.signer;
    if (signer == nullptr || !signer->passes_by()) mail.signed_message.reset();
}

std::string results_fields(const Mail& mail) {
    const Services& services = mail.visit->services;
    const auth::Results& results = mail.facts.message->auth;
    const auth::trace::FieldFacts facts = field_facts(mail);
    std::string fields;
    if (services.settings.auth.add_results) {
        fields += auth::trace::authentication_results(results, facts);
    }
    if (services.settings.auth.received_spf && results.spf) {
        fields += auth::trace::received_spf(*results.spf, facts);
    }
    return fields;
}

std::string results_payload(const Mail& mail) {
    std::string field =
        auth::trace::authentication_results(mail.facts.message->auth, field_facts(mail));
    field.erase(0, field.find(':') + 1);
    field.erase(0, field.find_first_not_of(" \t"));
    field.erase(field.find_last_not_of("\r\n") + 1);
    return field;
}

bool remove_foreign_results(Mail& mail) {
    const Services& services = mail.visit->services;
    if (!services.settings.auth.add_results) return true;
    const auto stripped =
        auth::trace::without_own_results(mail.message->header, authserv_id(services));
    if (stripped.removed == 0) return true;
    auto copy = rebuilt(mail, stripped.header);
    if (!copy) return false;
    services.log.line(observe::Level::Info, "foreign_results_removed",
                      {{"id", mail.id.text()}, {"fields", stripped.removed}});
    mail.message.emplace(std::move(copy).value());
    return true;
}

}  // namespace postern::transaction
