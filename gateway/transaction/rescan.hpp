#pragma once

#include "gateway/relay/outbox_runner.hpp"
#include "gateway/transaction/services.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::transaction {

/// Looks at a held message again before it is released. What the reviewer saw when it was held does
/// not stand in the way; anything that is new does.
[[nodiscard]] relay::Decision rescan(const Services& services, const quarantine::Record& record,
                                     int message);

/// Findings and failures of a report as "CODE: evidence", for comparing two looks at one message.
[[nodiscard]] std::vector<std::string> concerns(const analyzers::Report& report,
                                                const verdict::Verdict& verdict);
/// The same from a stored postern.scan/1 object; empty when it is none.
[[nodiscard]] std::vector<std::string> concerns_of_json(const std::string& scan_json);

}  // namespace postern::transaction
