#pragma once

/// @file Where the gateway hands a message to the jail and gets a report back.

#include <chrono>
#include <cstdint>
#include <memory>

#include "analyzers/api/limits.hpp"
#include "analyzers/api/report.hpp"
#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "analyzers/host/job.hpp"

namespace postern::host {

/// Why there is no report at all. Both may pass: the sender should try again.
enum class DoorFailure : std::uint8_t {
    Unavailable,  ///< no analyzer, or it died twice with this message
    Late,         ///< no worker was free before the deadline
};

struct DoorSettings {
    std::uint32_t max_running = 16;  ///< jobs at a time: the analyzer's max_workers
    /// How long one worker may take; its time limit (Limits::milliseconds) is below this.
    std::chrono::milliseconds wall_time = std::chrono::seconds(30);
};

/// Counters since start, and what runs now.
struct DoorFigures {
    std::uint32_t running = 0;  ///< jobs handed out and not ended
    std::uint32_t waiting = 0;  ///< callers waiting for a worker
    std::uint32_t idle = 0;     ///< prepared workers, as last told
    std::uint64_t reports = 0;  ///< whole reports
    std::uint64_t lost = 0;     ///< jobs whose analyzer went away
    std::uint64_t crashed = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t violations = 0;
    std::uint64_t bad_reports = 0;
    bool open = false;  ///< an analyzer is connected
};

/// Thread-safe; made for many blocking callers. One thread of its own reads the analyzer's events.
class Door {
public:
    using Clock = std::chrono::steady_clock;

    explicit Door(const DoorSettings& settings = {});
    ~Door();  ///< no call may be running
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    /// New jobs go to this client channel from now on; what runs on the one before ends there. Its
    /// analyzer's going away is noticed here.
    void set_channel(UniqueFd channel);

    /// Has `size` bytes of `message` (sealed memory, or a file nobody writes) analyzed. Waits for a
    /// worker, and for the channel while there is none, until `deadline`. A worker that crashes,
    /// is late, breaks out or answers nonsense is no failure but a report: the root object, what
    /// happened in errors and findings, complete() false. `message`'s offset is not used.
    [[nodiscard]] Outcome<analyzers::Report, DoorFailure> analyze(int message, std::uint64_t size,
                                                                  MessageKind kind,
                                                                  const analyzers::Limits& limits,
                                                                  Clock::time_point deadline);

    [[nodiscard]] DoorFigures figures() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace postern::host
