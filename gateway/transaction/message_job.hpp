#pragma once

#include "gateway/smtp/reply.hpp"
#include "gateway/transaction/mail.hpp"

namespace postern::transaction {

/// Everything between the end of data and its reply, on a decision thread: seals the spool, runs
/// the checks, has the message analyzed, judges it, delivers or holds or refuses it, writes the log
/// line. A 250 means that each recipient's copy is at the next hop or synced in the quarantine.
[[nodiscard]] smtp::Reply decide_and_act(Mail& mail);

}  // namespace postern::transaction
