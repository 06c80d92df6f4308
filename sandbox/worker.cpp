#include "sandbox/worker.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "sandbox/namespaces.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/rules.hpp"

namespace postern::sandbox {
namespace {

constexpr int kMessage = 3;  // first the socket has this number, then the message
constexpr int kReport = 4;

enum Step { Scratch = kFirstStepCode, Descriptors, Limits, Capabilities, Parent, Landlock, Filter };

void require(bool done, Step step) {
    if (!done) ::_exit(step);
}

void exit_with_signal(int number) {
    ::_exit(128 + number);
}

void confine(const Prepared& prepared, int socket) {
    if (prepared.layers.other_namespaces) {
        require(mount_scratch(prepared.scratch_options.c_str()), Scratch);
    }
    const int ruleset = prepared.ruleset.get();
    require(::dup2(socket, kMessage) == kMessage, Descriptors);
    if (ruleset >= 0) require(landlock_restrict(prepared.ruleset), Landlock);
    require(::syscall(SYS_close_range, kMessage + 1, ~0U, 0) == 0, Descriptors);
    require(limit_worker(prepared.policy), Limits);
    require(drop_all_capabilities(), Capabilities);
    // A zygote that died before this line is noticed by the closed socket.
    require(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, Parent);
}

void load(const Prepared& prepared) {
    if (!kSanitized) require(load_filter(prepared.filter), Filter);
}

[[noreturn]] void do_job(const Prepared& prepared, Workload& workload) {
    Start start;
    std::array<int, 2> given{};
    if (!receive_start(kMessage, start, given)) ::_exit(0);  // the zygote is gone
    // given = {4, 5}: the message takes the socket's number, the report the message's.
    require(::dup2(given[0], kMessage) == kMessage && ::dup2(given[1], kReport) == kReport &&
                ::syscall(SYS_close_range, kReport + 1, ~0U, 0) == 0,
            Descriptors);
    load(prepared);
    ::_exit(workload.work({kMessage, start.size, kReport, start.parameters}));
}

}  // namespace

void install_handlers() {
    struct sigaction leave {};
    leave.sa_handler = exit_with_signal;
    ::sigaction(SIGABRT, &leave, nullptr);
    ::sigaction(SIGXCPU, &leave, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
    ::sigaction(SIGXFSZ, &ignore, nullptr);
}

void run_worker(const Prepared& prepared, Workload& workload, int socket, Errand errand) {
    confine(prepared, socket);
    if (errand == Errand::Job) do_job(prepared, workload);
    load(prepared);
    ::_exit(workload.prove());
}

}  // namespace postern::sandbox
