#pragma once

#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/transaction/mail.hpp"
#include "gateway/verdict/scan_json.hpp"
#include "gateway/verdict/verdict.hpp"
#include "quarantine/record.hpp"

namespace postern::transaction {

/// What the store keeps of a message that is held for `recipients`.
[[nodiscard]] quarantine::Record held_record(const Mail& mail, const analyzers::Report& report,
                                             const verdict::Verdict& verdict,
                                             const std::vector<std::string>& recipients,
                                             const std::string& scan_json);

[[nodiscard]] verdict::EnvelopeFacts envelope_facts(const Mail& mail);

/// The store's words for ours.
[[nodiscard]] quarantine::VerdictClass class_of(verdict::MailClass mail_class);
[[nodiscard]] quarantine::VerdictAction action_of(verdict::Action action);

}  // namespace postern::transaction
