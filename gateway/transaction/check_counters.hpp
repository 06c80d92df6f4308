#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "gateway/checks/run.hpp"
#include "gateway/observe/gateway_metrics.hpp"

namespace postern::transaction {

/// postern_check_total and postern_stage_seconds of the checks, with their series at hand: both are
/// counted for each command of each client.
class CheckCounters {
public:
    /// Makes a series for each check and outcome, so that all of them show from the start. `plan`
    /// and `metrics` outlive this.
    CheckCounters(const checks::Plan& plan, observe::GatewayMetrics& metrics);

    /// `check` is one of the plan.
    void add(const checks::Configured& check, checks::Came came) const;
    [[nodiscard]] observe::Histogram& seconds(checks::Stage stage) const;

private:
    static constexpr std::size_t kOutcomes = static_cast<std::size_t>(checks::Came::Undecided) + 1;
    static constexpr std::size_t kStages = static_cast<std::size_t>(checks::Stage::Message) + 1;

    const checks::Plan& plan_;
    std::vector<std::array<observe::Counter*, kOutcomes>> counters_;
    std::array<observe::Histogram*, kStages> seconds_{};
};

}  // namespace postern::transaction
