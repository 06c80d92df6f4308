#pragma once

#include "gateway/transaction/mail.hpp"

namespace postern::transaction {

/// Whether the sender of this mail is to be found out. Our own machines (trusted clients) are
/// asked only where [auth].trusted_clients says so.
[[nodiscard]] bool is_authenticated(const settings::Settings& settings,
                                    const checks::ConnectionFacts& client);

/// Starts the look-ups that the header names and the envelope, while the body comes. Never blocks.
void ask_ahead(Mail& mail);

/// Finds out who really sent the message, into `mail.facts`: reverse name, SPF, DKIM, DMARC, ARC.
/// Blocks on look-ups, which `inquiry` bounds. The message has been sealed, and facts.message is
/// set. Touches nothing else of `mail` but `signed_message` and `evaluation`, so that the jail may
/// read the message meanwhile.
void authenticate(Mail& mail, dns::Inquiry& inquiry);

/// Fields for the top of what is delivered, by [auth]. Where nobody has looked, the field says that
/// ("none", RFC 8601 2.2).
[[nodiscard]] std::string results_fields(const Mail& mail);

/// What an Authentication-Results field of ours says behind its name, for an ARC set.
[[nodiscard]] std::string results_payload(const Mail& mail);

/// Takes Authentication-Results fields that bear our name, but are not ours, out of the sealed
/// message (RFC 8601 5). False: it cannot be kept; the message is as it was.
[[nodiscard]] bool remove_foreign_results(Mail& mail);

}  // namespace postern::transaction
