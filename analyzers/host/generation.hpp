#pragma once

/// @file One running postern-analyzer with the signatures it loaded: started, asked, drained.
/// For the supervisor and the command line; for one thread at a time.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "analyzers/host/analyzer_settings.hpp"

namespace postern::host {

/// What happened since the last look.
enum class GenerationState : std::uint8_t {
    Starting,  ///< loading, proving
    Ready,     ///< connect() works, also in the moment when a dead zygote is being replaced
    Draining,
    Gone,  ///< ended, or could not start: why()
};

/// Who the analyzer runs as, when we are root: changed before exec.
struct RunAs {
    uid_t uid = 0;
    gid_t gid = 0;
};

class Generation {
public:
    /// `program` is postern-analyzer. Returns at once; the failure is errno in words.
    [[nodiscard]] static Outcome<std::unique_ptr<Generation>, std::string> start(
        const std::filesystem::path& program, const AnalyzerSettings& settings,
        std::optional<RunAs> run_as = {});
    /// postern-analyzer beside the running program.
    [[nodiscard]] static std::filesystem::path program_beside();

    ~Generation();  ///< closes the channel, which ends the analyzer and its workers; reaps it
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    /// Readable when there is something for pump(). Two descriptors: its channel and its process;
    /// -1 when there is nothing more to come from that one.
    [[nodiscard]] int channel_fd() const;
    [[nodiscard]] int process_fd() const;
    /// Reads what is there, never waits. True when the state is Ready for a new zygote, so that
    /// clients have to be connected (again).
    bool pump();
    [[nodiscard]] GenerationState state() const;
    /// pump() until Ready. The failure is a sentence for the operator.
    [[nodiscard]] Outcome<Done, std::string> wait_ready(std::chrono::milliseconds limit);

    /// A client channel for Door::set_channel; nullopt unless Ready.
    [[nodiscard]] std::optional<UniqueFd> connect();
    /// No new jobs; it ends with its last worker.
    void drain();

    /// What the analyzer said when it was ready, one JSON object: {"jail": {...}, "workload":
    /// {...}}. The workload's part holds engine versions, signature counts and ages. "{}" before.
    [[nodiscard]] const std::string& status() const;
    [[nodiscard]] const std::string& why() const;
    [[nodiscard]] pid_t process() const;

    struct State;
    explicit Generation(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

}  // namespace postern::host
