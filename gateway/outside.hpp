#pragma once

/// @file What a gateway knows beside the mail itself: DNS, shared state, lists, the plan of checks.

#include <memory>
#include <string>
#include <vector>

#include "gateway/auth/authenticator.hpp"
#include "gateway/checks/plan.hpp"
#include "gateway/checks/recipient/recipient_list.hpp"
#include "gateway/dns/client.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/observe/gateway_metrics.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/reputation/lists.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/state/state.hpp"

namespace postern {

/// Throws std::runtime_error on networks that are none.
[[nodiscard]] std::vector<mail::Cidr> networks(const std::vector<std::string>& texts,
                                               const std::string& key);

class Outside {
public:
    /// Throws std::runtime_error, or settings::ConfigError, when something cannot be used.
    Outside(const settings::Settings& settings, observe::Log& log,
            observe::GatewayMetrics& metrics);
    void start() {
        lists_.start();
        if (recipients_) recipients_->watch();
    }
    void stop() { lists_.stop(); }

    [[nodiscard]] dns::Client& resolver() { return resolver_; }
    [[nodiscard]] state::State& state() { return *state_; }
    [[nodiscard]] const checks::Plan& plan() const { return plan_; }
    [[nodiscard]] const auth::Authenticator& authenticator() const { return authenticator_; }
    [[nodiscard]] const reputation::Lists& lists() const { return lists_; }
    [[nodiscard]] checks::RecipientList* recipients() { return recipients_.get(); }
    [[nodiscard]] const std::vector<mail::Cidr>& trusted() const { return trusted_; }

private:
    checks::Plan plan_;
    auth::Authenticator authenticator_;
    dns::Client resolver_;
    std::unique_ptr<state::State> state_;
    reputation::Lists lists_;
    std::unique_ptr<checks::RecipientList> recipients_;
    std::vector<mail::Cidr> trusted_;
};

}  // namespace postern
