#include "sandbox/launcher.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "sandbox/huge_pages.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/namespaces.hpp"
#include "sandbox/quiet_heap.hpp"
#include "sandbox/zygote.hpp"

#if defined(POSTERN_SANITIZED)
#include <sanitizer/common_interface_defs.h>
#endif

namespace postern::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestPause{100};
constexpr milliseconds kLongestPause{5000};
constexpr std::chrono::seconds kLivedWell{2};
constexpr int kOomScore = 500;  // the kernel should take an analyzer before the gateway

/// A user namespace is for processes of one thread: ThreadSanitizer has one of its own.
void stop_threads_of_sanitizers() {
#if defined(POSTERN_SANITIZED)
    __sanitizer_sandbox_arguments nothing{};
    __sanitizer_sandbox_on_notify(&nothing);
#endif
}

/// Full profile, or none of its namespaces at all: two cases to test, and no third.
Problem enter(Layers& layers) {
    if (Problem failed = try_namespaces()) {
        layers.missing.push_back(*failed);
        return std::nullopt;
    }
    if (Problem failed = enter_user_namespace()) return failed;
    layers.user_namespace = true;
    layers.pid_namespace = true;
    if (Problem failed = forbid_more_namespaces()) layers.missing.push_back(*failed);
    return std::nullopt;
}

/// What engines would otherwise look for when their first message comes.
bool set_environment() {
    // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread
    return ::setenv("TZ", "UTC0", 1) == 0 && ::setenv("LC_ALL", "C.UTF-8", 1) == 0 &&
           ::setenv("OMP_THREAD_LIMIT", "1", 1) == 0;
    // NOLINTEND(concurrency-mt-unsafe)
}

void prefer_us_when_memory_ends() {
    const Descriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    const std::string score = std::to_string(kOomScore);
    (void)!::write(file.get(), score.data(), score.size());
}

/// Waits; true when the supervision channel has closed meanwhile.
bool closed_within(int supervision, milliseconds time) {
    pollfd channel = {supervision, POLLRDHUP, 0};
    return ::poll(&channel, 1, static_cast<int>(time.count())) > 0;
}

/// Forks zygotes until one ends by itself.
int keep_a_zygote(const Policy& policy, Workload& workload, int supervision, const Layers& layers,
                  const std::string& status) {
    milliseconds pause = kShortestPause;
    for (;;) {
        const auto born = std::chrono::steady_clock::now();
        const unsigned long space = layers.pid_namespace ? CLONE_NEWPID : 0U;
        const long pid = ::syscall(SYS_clone, space | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        if (pid == 0) ::_exit(run_zygote(policy, workload, supervision, layers, status));
        int ended = 0;
        while (pid > 0 && ::waitpid(static_cast<pid_t>(pid), &ended, 0) < 0 && errno == EINTR) {
        }
        if (pid > 0 && WIFEXITED(ended) && WEXITSTATUS(ended) <= kZygoteRefused) {
            return WEXITSTATUS(ended);
        }
        if (std::chrono::steady_clock::now() - born >= kLivedWell) pause = kShortestPause;
        if (closed_within(supervision, pause)) return 0;
        pause = std::min(pause * 2, kLongestPause);
    }
}

}  // namespace

int run_launcher(const Policy& policy, Workload& workload, int supervision) {
    const auto refused = [supervision](const std::string& why) {
        (void)send(supervision, Failed{Kind::Failed, why});
        return kZygoteRefused;
    };
    gather_heap();
    prefer_us_when_memory_ends();
    stop_threads_of_sanitizers();
    if (!set_environment()) return refused(problem("setenv"));
    Layers layers;
    if (const Problem failed = enter(layers)) return refused(*failed);
    if (layers.user_namespace) {
        workload.set_scratch(kScratch);
    } else if (landlock_version() > 0 && !policy.scratch_base.empty()) {
        workload.set_scratch(".");  // each worker is put into a folder of its own
    }
    const Workload::Prepared prepared = workload.prepare();
    if (!prepared.error.empty()) return refused(prepared.error);
    layers.memory.untouched = quiet_heap();
    if (!kSanitized)
        layers.memory.huge_data = back_with_huge_pages();  // shadow memory is terabytes
    layers.memory.huge_code = back_code_with_huge_pages();
    return keep_a_zygote(policy, workload, supervision, layers, prepared.status);
}

}  // namespace postern::sandbox
