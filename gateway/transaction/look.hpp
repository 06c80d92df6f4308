#pragma once

/// @file One whole look at a message that no client waits for: `postern scan`, and held mail once
/// more.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "analyzers/base/outcome.hpp"
#include "analyzers/host/door.hpp"
#include "gateway/auth/authenticator.hpp"
#include "gateway/checks/plan.hpp"
#include "gateway/dns/resolver.hpp"
#include "gateway/mail/ip_address.hpp"
#include "gateway/reputation/lists.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/smtp/reply.hpp"
#include "gateway/verdict/scan_json.hpp"
#include "gateway/verdict/verdict.hpp"
#include "quarantine/record.hpp"

namespace postern::transaction {

/// What is known of the transaction in which a message came.
struct KnownEnvelope {
    std::optional<mail::IpAddress> client = {};
    std::string client_name = {};  ///< as it was told then; for the report only
    std::optional<std::string> helo = {};
    std::optional<std::string> reverse_path = {};  ///< "" is the null one; no brackets
    std::vector<std::string> forward_paths = {};   ///< no brackets
    std::string tls = {};                          ///< as in verdict::EnvelopeFacts
    std::int64_t time = 0;                         ///< seconds since 1970
};

/// That of a held message.
[[nodiscard]] KnownEnvelope known_envelope(const quarantine::Record& record);

/// Who is asked beside the jail.
struct Outsiders {
    const auth::Authenticator& authenticator;
    const checks::Plan& checks;
    dns::Resolver& resolver;
    const reputation::Lists* lists = nullptr;  ///< null: none are there
};

/// What came of a look.
struct Look {
    analyzers::Report report;
    std::optional<auth::Results> auth;   ///< nullopt: nobody was asked
    std::optional<smtp::Reply> refusal;  ///< of a check: what a client would hear
    verdict::Verdict verdict;            ///< a refusal included
    verdict::Timing timing;
};

using Analyze =
    std::function<Outcome<analyzers::Report, host::DoorFailure>(int file, std::uint64_t size)>;

/// The jail, then sender authentication, checks and lists as `outsiders` (null: none of them) have
/// them today, then the verdict. The checks of connection, HELO and sender run as far as there are
/// facts for them; what only a gateway sees (early talk, rates, bans, recipients at the next hop)
/// is not asked, and nothing is written into the state that gateways share. `file` is read from
/// its beginning.
[[nodiscard]] Outcome<Look, host::DoorFailure> look_at(const settings::Settings& settings,
                                                       const Analyze& analyze,
                                                       const Outsiders* outsiders,
                                                       const KnownEnvelope& envelope, int file,
                                                       std::uint64_t size);

/// The postern.scan/1 object of a look.
[[nodiscard]] std::string look_json(const Look& look, const KnownEnvelope& envelope,
                                    const std::string& id, const std::string& file);

/// What the store keeps of a look at a held message.
[[nodiscard]] quarantine::Rescan rescan_of(const Look& look, const KnownEnvelope& envelope,
                                           const std::string& id);

}  // namespace postern::transaction
