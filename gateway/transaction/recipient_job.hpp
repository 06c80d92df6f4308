#pragma once

#include "gateway/smtp/event.hpp"
#include "gateway/transaction/mail.hpp"

namespace postern::transaction {

/// What one RCPT came to.
struct RecipientAnswer {
    smtp::Reply reply;
    bool accepted = false;
    std::string refused_by;  ///< check; "next_hop"; empty: accepted
};

/// Checks that a reactor may run. nullopt: go on with recipient_job().
[[nodiscard]] std::optional<RecipientAnswer> recipient_at_once(Mail& mail, const smtp::RcptTo& to);

/// The rest, on a decision thread: checks that wait for the store, the next hop or the DNS, then
/// the next hop itself, whose answer the client hears.
[[nodiscard]] RecipientAnswer recipient_job(Mail& mail, const smtp::RcptTo& to);

}  // namespace postern::transaction
