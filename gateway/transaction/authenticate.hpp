#pragma once

#include "gateway/transaction/mail.hpp"

namespace postern::transaction {

/// Finds out who really sent the message, into `mail.facts`: reverse name, SPF, DKIM, DMARC, ARC.
/// Blocks on look-ups, which `inquiry` bounds. The message has been sealed, and facts.message is
/// set. Our own machines (trusted clients) are not asked who they are.
void authenticate(Mail& mail, dns::Inquiry& inquiry);

/// Fields for the top of what is delivered, by [auth]; empty where nothing was looked at.
[[nodiscard]] std::string results_fields(const Mail& mail);

/// What an Authentication-Results field of ours says behind its name, for an ARC set.
[[nodiscard]] std::string results_payload(const Mail& mail);

/// Takes Authentication-Results fields that bear our name, but are not ours, out of the sealed
/// message (RFC 8601 5). False: it cannot be kept; the message is as it was.
[[nodiscard]] bool remove_foreign_results(Mail& mail);

}  // namespace postern::transaction
