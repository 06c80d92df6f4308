/// @file A launcher whose workers do what the first byte of their message tells them: what the
/// tests of the jail and of its door need and no product has. usage: jail_victim --channel-fd N
/// [--lame yes|later]
/// [--host container|bare|no-landlock] [--require full|reduced|seccomp] [--scratch FOLDER]
/// [--max-workers N] [--idle N] [--canary-ms N]

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/launcher.hpp"
#include "sandbox/rules.hpp"

namespace {

using namespace postern::sandbox;

void say(int report, const std::string& text) {
    (void)!::write(report, text.data(), text.size());
}

void spin() {
    volatile bool forever = true;
    while (forever) {
    }
}

class Victim final : public Workload {
public:
    explicit Victim(std::string lame) : lame_(std::move(lame)) {
        void* shared =
            ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) std::abort();
        proofs_ = static_cast<int*>(shared);
    }
    Prepared prepare() override { return {"", "{\"victim\":true}"}; }
    int prove() override {
        if (lame_ == "later") return (*proofs_)++ == 0 ? 0 : 7;
        return lame_.empty() ? 0 : 7;
    }

    int work(const Job& job) override {
        char deed = 0;
        if (::pread(job.message, &deed, 1, 0) != 1) return 1;
        switch (deed) {
            case 'e':
                return echo(job);
            case 'a':
                std::abort();
            case 'c':
                ::kill(0, 0);  // never reached: the call itself is forbidden
                return 2;
            case 's':
                // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the deed
                return *static_cast<volatile int*>(nullptr);
            case 'h':
                for (;;) ::syscall(SYS_sched_yield);
            case 'w':
                spin();
                return 2;
            case 'f':
                for (;;) say(job.report, std::string(65536, 'x'));
            case 'x':
                return 5;
            case 'm':
                return memory();
            case 'o':
                say(job.report, ::syscall(SYS_openat, -100, "/etc/passwd", 0) < 0 ? "no" : "yes");
                return 0;
            case 't':
                return scratch(job);
            case 'i':
                return make(job, "here");
            case 'u':
                return make(job, "../here");
            default:
                say(job.report, "unknown");
                return 0;
        }
    }

private:
    static int echo(const Job& job) {
        std::string text(job.size, '\0');
        if (::pread(job.message, text.data(), text.size(), 0) !=
            static_cast<ssize_t>(text.size())) {
            return 1;
        }
        say(job.report, text);
        return 0;
    }

    static int memory() {
        // Asked for and hardly touched: writing to all of it would meet the limit of CPU first.
        std::vector<std::unique_ptr<char[]>> kept;
        try {
            for (;;) {
                kept.push_back(std::make_unique_for_overwrite<char[]>(64U << 20U));
                kept.back()[0] = 'x';
            }
        } catch (const std::bad_alloc&) {
            return 6;
        }
    }

    static int scratch(const Job& job) {
        const long file = ::syscall(SYS_openat, -100, "/scratch/x", 0102, 0600);
        say(job.report, file < 0 ? "no" : ::getpid() == 1 ? "yes" : "not alone");
        return 0;
    }

    static int make(const Job& job, const char* path) {
        const long file = ::syscall(SYS_openat, -100, path, O_RDWR | O_CREAT, 0600);
        say(job.report, file < 0 ? "no" : "yes");
        return 0;
    }

    std::string lame_;       ///< "yes": its canaries fail; "later": from the second on
    int* proofs_ = nullptr;  ///< how many there were, shared by all workers
};

Rule fails(long number, int error, std::vector<Condition> when = {}) {
    return {static_cast<int>(number), SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error),
            std::move(when)};
}

/// What a container's default profile forbids; what an old kernel lacks.
bool imitate(const std::string& host) {
    std::vector<Rule> rules;
    if (host == "container" || host == "bare") {
        for (const long number : {SYS_unshare, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_setns}) {
            rules.push_back(fails(number, EPERM));
        }
        rules.push_back(fails(SYS_clone3, ENOSYS));
        for (const std::uint32_t space :
             {0x20000000U, 0x00020000U, 0x10000000U}) {  // pid, mount, user
            rules.push_back(
                fails(SYS_clone, EPERM, {{.argument = 0, .mask = space, .value = space}}));
        }
    }
    if (host == "no-landlock" || host == "bare") {
        for (const long number :
             {SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self}) {
            rules.push_back(fails(number, ENOSYS));
        }
    }
    return rules.empty() || (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                             load_filter(assemble(rules, SECCOMP_RET_ALLOW)));
}

Require requirement(const std::string& word) {
    if (word == "seccomp") return Require::Seccomp;
    return word == "reduced" ? Require::Reduced : Require::Full;
}

}  // namespace

int main(int argc, char** argv) {
    int channel = -1;
    std::string lame;
    std::string host;
    Policy policy;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::string value = argv[i + 1];
        if (option == "--channel-fd") channel = std::stoi(value);
        if (option == "--lame") lame = value;
        if (option == "--host") host = value;
        if (option == "--require") policy.require = requirement(value);
        if (option == "--scratch") policy.scratch_base = value;
        if (option == "--idle") policy.idle_workers = static_cast<std::uint32_t>(std::stoul(value));
        if (option == "--canary-ms")
            policy.canary_interval = std::chrono::milliseconds(std::stol(value));
        if (option == "--max-workers") {
            policy.max_workers = static_cast<std::uint32_t>(std::stoul(value));
            policy.idle_workers = 1;
        }
    }
    if (!imitate(host)) return 3;
    policy.cpu_time = std::chrono::seconds(1);
    policy.memory_bytes = std::uint64_t{256} << 20;
    Victim victim(std::move(lame));
    return run_launcher(policy, victim, channel);
}
