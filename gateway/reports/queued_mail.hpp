#pragma once

/// @file A mail of our own on its way: a record in the store, owed to one mailbox.

#include <string>
#include <string_view>

#include "quarantine/store.hpp"

namespace postern::reports {

/// What the store shows of it.
struct OwnMail {
    std::string from;  ///< mailbox; bounces come back to it
    std::string to;    ///< mailbox
    std::string subject;
    std::string message_id;  ///< with its brackets
};

/// True: the mail is in the outbox and survives the loss of power. `actor` stands in the audit log.
[[nodiscard]] bool queue_mail(quarantine::Store& store, const OwnMail& mail,
                              std::string_view message, const char* actor, quarantine::UnixMs now);

/// What stands behind the "@".
[[nodiscard]] std::string domain_of(const std::string& mailbox);

}  // namespace postern::reports
