#pragma once

/// @file Keeps an analyzer serving: starts it, replaces it when it dies or when signatures changed,
/// and never lets an unproved one near mail.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/host/generation.hpp"
#include "gateway/cli/supervisor/child.hpp"
#include "gateway/cli/supervisor/kept_child.hpp"

namespace postern::cli {

class AnalyzerKeeper {
public:
    using Clock = std::chrono::steady_clock;
    /// The outcome of one reload: empty sentence: taken over.
    using Finished = std::function<void(const std::string& refusal)>;

    struct Hooks {
        /// A zygote is ready: whoever sends jobs needs a new client channel (connect()).
        std::function<void()> connect_clients;
        std::function<void(const std::string& event, const std::string& detail)> tell;
    };

    AnalyzerKeeper(std::string program, std::chrono::milliseconds load_timeout, Hooks hooks);

    /// Starts loading with these settings beside what runs. A load that is under way is dropped;
    /// its `finished` hears so.
    void reload(const host::AnalyzerSettings& settings, std::optional<RunAs> run_as,
                Finished finished, Clock::time_point now);
    /// Descriptors to poll; call pump() when one is readable or when() has come.
    [[nodiscard]] std::vector<int> watches() const;
    [[nodiscard]] std::optional<Clock::time_point> when() const;
    void pump(Clock::time_point now);
    /// A client channel to the generation in force; nullopt: none is ready.
    [[nodiscard]] std::optional<UniqueFd> connect();

    [[nodiscard]] bool ready() const;
    /// Process ids of all generations.
    [[nodiscard]] std::vector<pid_t> processes() const;
    /// Counts generations that took over.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    /// What the one in force said of its engines and its jail: a JSON object, or "{}".
    [[nodiscard]] std::string status() const;

private:
    void take_over();
    void refuse(std::string why, Clock::time_point now);
    void tell_finished(const std::string& refusal);
    void start_pending(Clock::time_point now);

    std::string program_;
    std::chrono::milliseconds load_timeout_;
    Hooks hooks_;
    host::AnalyzerSettings settings_;
    std::optional<RunAs> run_as_;
    std::unique_ptr<host::Generation> current_;
    std::unique_ptr<host::Generation> pending_;
    std::vector<std::unique_ptr<host::Generation>> draining_;
    Clock::time_point pending_until_;
    std::vector<Finished> finished_;            ///< who waits for the pending one
    std::optional<Clock::time_point> restart_;  ///< when a dead generation is replaced
    BackOff back_off_;
    std::uint64_t number_ = 0;
};

}  // namespace postern::cli
