#pragma once

/// @file What the jail is for: the engines, loaded once, and the analysis of one message.

#include <memory>

#include "analyzers/host/analyzer_settings.hpp"
#include "sandbox/policy.hpp"
#include "sandbox/workload.hpp"

namespace postern::worker {

[[nodiscard]] sandbox::Policy policy_for(const host::AnalyzerSettings& settings);

class AnalyzerWorkload final : public sandbox::Workload {
public:
    explicit AnalyzerWorkload(const host::AnalyzerSettings& settings);
    ~AnalyzerWorkload() override;
    AnalyzerWorkload(const AnalyzerWorkload&) = delete;
    AnalyzerWorkload& operator=(const AnalyzerWorkload&) = delete;

    /// Loads the engines and does once what every worker would do first.
    [[nodiscard]] Prepared prepare() override;
    /// Analyzes the message and writes its report; the exit code is a host::WorkerExit.
    [[nodiscard]] int work(const sandbox::Job& job) override;
    /// Zero when every loaded engine finds its test string here, and the pipeline a mail's parts.
    [[nodiscard]] int prove() override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::worker
