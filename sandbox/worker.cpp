#include "sandbox/worker.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "sandbox/landlock.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/quiet_heap.hpp"
#include "sandbox/rules.hpp"

namespace postern::sandbox {
namespace {

constexpr int kMessage = 3;  // first the socket has this number, then the message
constexpr int kReport = 4;

enum Step {
    ScratchFolder = kFirstStepCode,
    Descriptors,
    Limits,
    Capabilities,
    Parent,
    Landlock,
    Filter,
    SelfCheck,
};

void require(bool done, Step step) {
    if (!done) ::_exit(step);
}

void exit_with_signal(int number) {
    ::_exit(128 + number);
}

void enter_scratch(const Prepared& prepared, const std::string& folder) {
    if (prepared.layers.empty_root) {
        require(mount_scratch(prepared.scratch_options.c_str()), ScratchFolder);
        // After the mount, which it forbids.
        if (prepared.ruleset) require(landlock_restrict(prepared.ruleset), Landlock);
    } else if (!folder.empty()) {
        require(::chdir(folder.c_str()) == 0, ScratchFolder);
        const Descriptor ruleset = landlock_ruleset(".");
        require(ruleset && landlock_restrict(ruleset), Landlock);
    }
}

void confine(const Prepared& prepared, int socket, const std::string& folder) {
    enter_scratch(prepared, folder);
    require(::dup2(socket, kMessage) == kMessage, Descriptors);
    require(::syscall(SYS_close_range, kMessage + 1, ~0U, 0) == 0, Descriptors);
    require(limit_worker(prepared.policy), Limits);
    require(drop_all_capabilities(), Capabilities);
    // A zygote that died before this line is noticed by the closed socket.
    require(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, Parent);
}

void load(const Prepared& prepared) {
    if (kSanitized) return;
    if (prepared.layers.pid_namespace) return require(load_filter(prepared.filter), Filter);
    // Its number is not 1, and the filter says whom it may abort: made here, for half a
    // millisecond.
    const Scratch scratch = prepared.layers.scratch ? Scratch::Folder : Scratch::None;
    require(load_filter(assemble(worker_rules(scratch, ::getpid()), SECCOMP_RET_KILL_PROCESS)),
            Filter);
}

/// What the layers look like from inside.
bool as_promised(const Layers& layers) {
    if (layers.pid_namespace && ::getpid() != 1) return false;
    if (layers.empty_root) {
        struct statfs root {};
        if (::statfs("/", &root) != 0 || root.f_type != TMPFS_MAGIC) return false;
        if ((static_cast<unsigned long>(root.f_flags) & ST_RDONLY) == 0) return false;
    } else if (layers.landlock) {
        if (::open("/", O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES) return false;
    }
    return has_no_capabilities() && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
           ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

[[noreturn]] void do_job(const Prepared& prepared, Workload& workload) {
    take_first_pages(prepared.layers.memory.untouched);  // while nobody waits for them
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

void run_worker(const Prepared& prepared, Workload& workload, int socket, const std::string& folder,
                Errand errand) {
    confine(prepared, socket, folder);
    if (errand == Errand::Job) do_job(prepared, workload);
    require(as_promised(prepared.layers), SelfCheck);
    load(prepared);
    ::_exit(workload.prove());
}

}  // namespace postern::sandbox
