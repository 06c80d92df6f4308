#include "gateway/transaction/check_counters.hpp"

#include <string>

namespace postern::transaction {

CheckCounters::CheckCounters(const checks::Plan& plan, observe::GatewayMetrics& metrics)
    : plan_(plan) {
    for (const checks::Configured& each : plan.all()) {
        auto& outcomes = counters_.emplace_back();
        for (std::size_t i = 0; i < kOutcomes; ++i) {
            const auto came = static_cast<checks::Came>(i);
            outcomes.at(i) = &metrics.checks.with({each.check->name, checks::name(came)});
        }
    }
    for (std::size_t i = 0; i < kStages; ++i) {
        const auto stage = static_cast<checks::Stage>(i);
        seconds_.at(i) =
            &metrics.stage_seconds.with({"checks_" + std::string(checks::name(stage))});
    }
}

void CheckCounters::add(const checks::Configured& check, checks::Came came) const {
    const auto at = static_cast<std::size_t>(&check - plan_.all().data());
    counters_.at(at).at(static_cast<std::size_t>(came))->add();
}

observe::Histogram& CheckCounters::seconds(checks::Stage stage) const {
    return *seconds_.at(static_cast<std::size_t>(stage));
}

}  // namespace postern::transaction
