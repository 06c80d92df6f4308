#pragma once

/// @file What every transaction of this process shares. Made once by main(), outlives all of them.

#include <vector>

#include "analyzers/host/door.hpp"
#include "gateway/auth/authenticator.hpp"
#include "gateway/auth/outgoing.hpp"
#include "gateway/checks/plan.hpp"
#include "gateway/checks/recipient/recipient_list.hpp"
#include "gateway/dns/resolver.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/net/pool.hpp"
#include "gateway/observe/gateway_metrics.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/reports/dmarc_reports.hpp"
#include "gateway/reports/failure_reports.hpp"
#include "gateway/reputation/lists.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/spool/spool.hpp"
#include "gateway/state/state.hpp"
#include "gateway/transaction/check_counters.hpp"
#include "quarantine/store.hpp"

namespace postern::transaction {

struct Services {
    const settings::Settings& settings;
    host::Door& door;
    net::Pool& pool;
    relay::NextHop& next_hop;
    spool::Spool& spool;
    quarantine::Store& store;
    observe::Log& log;
    observe::GatewayMetrics& metrics;
    dns::Resolver& resolver;
    state::State& state;
    const checks::Plan& checks;
    const auth::Authenticator& authenticator;
    const reputation::Lists* lists = nullptr;            ///< null: none are there
    checks::RecipientList* recipients = nullptr;         ///< null: [domains].recipients is not set
    std::vector<mail::Cidr> trusted = {};                ///< clients that meet no check of spam
    const auth::OutgoingSigner* signer = nullptr;        ///< null: nothing is signed
    reports::DmarcReports* reports = nullptr;            ///< null: no aggregate reports
    reports::FailureReports* failure_reports = nullptr;  ///< null: no failure reports
    CheckCounters check_counters{checks, metrics};
};

}  // namespace postern::transaction
