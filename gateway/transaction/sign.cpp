#include "gateway/transaction/sign.hpp"

#include <unistd.h>

#include <ctime>

#include "gateway/transaction/authenticate.hpp"

namespace postern::transaction {
namespace {

std::uint64_t now() {
    return static_cast<std::uint64_t>(std::time(nullptr));
}

}  // namespace

std::string signature_fields(const Mail& mail, const std::string& fields) {
    const Services& services = mail.visit->services;
    if (services.signer == nullptr || !services.signer->passes_by() || !mail.signed_message)
        return {};
    const std::string header = fields + mail.message->header;
    auth::OutgoingMessage message{header, mail.signed_message->bodies()};
    message.now = now();
    if (is_authenticated(services.settings, mail.facts.connection)) {
        message.results = &mail.facts.message->auth;
        message.recorded = results_payload(mail);
    }
    return services.signer->fields(message);
}

std::string signature_fields(const Services& services, int message, const std::string& fields) {
    if (services.signer == nullptr || !services.signer->passes_by()) return {};
    auth::arc::SignedMessage taken = services.authenticator.intake(std::time(nullptr));
    if (::lseek(message, 0, SEEK_SET) != 0 ||
        !auth::arc::feed_file(taken, message, auth::arc::LineEnds::AsOnTheWire)) {
        return {};
    }
    const std::string header = fields + std::string(taken.block().bytes());
    auth::OutgoingMessage outgoing{header, taken.bodies()};
    outgoing.now = now();
    return services.signer->fields(outgoing);
}

}  // namespace postern::transaction
