#pragma once

/// @file How a worker ended. Everything but Finished makes its message incomplete.

#include <cstdint>
#include <string_view>

namespace postern::sandbox {

enum class Cause : std::uint32_t {
    Finished,    ///< exit 0: the report counts if it is whole
    Unprepared,  ///< could not confine itself; value is the step, 90 to 99: our own failure
    Failed,      ///< another exit code
    Aborted,     ///< abort(): an assertion, or malloc found corruption
    CpuLimit,    ///< spun until its CPU time was used up
    Deadline,    ///< still ran at its wall deadline, and was killed
    Cancelled,   ///< whoever asked took it back, or went away
    Forbidden,   ///< made a system call that is not allowed: taken over, or a gap in the list
    Killed,      ///< SIGKILL by somebody else: out of memory, or an operator
    Crashed,     ///< another signal; value is its number: a parser bug
};

struct Ending {
    Cause cause = Cause::Finished;
    std::int32_t value = 0;  ///< exit code or signal
    friend bool operator==(const Ending&, const Ending&) = default;
};

/// First and last exit code of a worker that could not confine itself, one for each step.
inline constexpr int kFirstStepCode = 90;
inline constexpr int kLastStepCode = 99;

/// What a wait status means. `killed_by_us`: the cause for which we sent SIGKILL, or Finished when
/// we did not. `cpu_exhausted`: the worker had used its whole hard CPU limit.
[[nodiscard]] Ending classify(int wait_status, Cause killed_by_us, bool cpu_exhausted);

/// "finished", "deadline", ... for logs.
[[nodiscard]] std::string_view name(Cause cause);

}  // namespace postern::sandbox
