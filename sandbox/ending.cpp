#include "sandbox/ending.hpp"

#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstddef>

namespace postern::sandbox {
namespace {

constexpr int kSignalCode = 128;  // exit codes of the worker's own signal handlers: 128 + signal

constexpr std::array<std::string_view, 10> kNames = {
    "finished", "unprepared", "failed",    "aborted", "cpu-limit",
    "deadline", "cancelled",  "forbidden", "killed",  "crashed"};

Ending exited(int code) {
    if (code == 0) return {Cause::Finished, 0};
    if (code >= kFirstStepCode && code <= kLastStepCode) return {Cause::Unprepared, code};
    if (code == kSignalCode + SIGXCPU) return {Cause::CpuLimit, code};
    if (code == kSignalCode + SIGABRT) return {Cause::Aborted, code};
    return {Cause::Failed, code};
}

}  // namespace

Ending classify(int wait_status, Cause killed_by_us, bool cpu_exhausted) {
    if (WIFEXITED(wait_status)) return exited(WEXITSTATUS(wait_status));
    const int signal = WTERMSIG(wait_status);
    if (signal == SIGSYS) return {Cause::Forbidden, signal};
    if (signal == SIGXCPU) return {Cause::CpuLimit, signal};
    if (signal == SIGABRT) return {Cause::Aborted, signal};
    if (signal != SIGKILL) return {Cause::Crashed, signal};
    if (killed_by_us != Cause::Finished) return {killed_by_us, signal};
    return {cpu_exhausted ? Cause::CpuLimit : Cause::Killed, signal};
}

std::string_view name(Cause cause) {
    return kNames.at(static_cast<std::size_t>(cause));
}

}  // namespace postern::sandbox
