#include "gateway/reputation/lookup/confine.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "analyzers/base/unique_fd.hpp"

namespace postern::reputation {
namespace {

constexpr rlim_t kDescriptors = 256;

std::optional<std::string> trouble(const char* call) {
    return std::string(call) + ": " + std::strerror(errno);
}

/// Calls that fetching never makes and that a foothold would want.
constexpr std::array kRefused = {SCMP_SYS(execve),
                                 SCMP_SYS(execveat),
                                 SCMP_SYS(fork),
                                 SCMP_SYS(vfork),
                                 SCMP_SYS(ptrace),
                                 SCMP_SYS(process_vm_readv),
                                 SCMP_SYS(process_vm_writev),
                                 SCMP_SYS(mount),
                                 SCMP_SYS(umount2),
                                 SCMP_SYS(pivot_root),
                                 SCMP_SYS(chroot),
                                 SCMP_SYS(unshare),
                                 SCMP_SYS(setns),
                                 SCMP_SYS(bpf),
                                 SCMP_SYS(perf_event_open),
                                 SCMP_SYS(userfaultfd),
                                 SCMP_SYS(io_uring_setup),
                                 SCMP_SYS(keyctl),
                                 SCMP_SYS(add_key),
                                 SCMP_SYS(request_key),
                                 SCMP_SYS(kexec_load),
                                 SCMP_SYS(init_module),
                                 SCMP_SYS(finit_module),
                                 SCMP_SYS(delete_module),
                                 SCMP_SYS(bind),
                                 SCMP_SYS(listen),
                                 SCMP_SYS(accept),
                                 SCMP_SYS(accept4)};

std::optional<std::string> filter_calls() {
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(::seccomp_init(SCMP_ACT_ALLOW),
                                                                  ::seccomp_release);
    if (!filter) return trouble("seccomp_init");
    for (const int call : kRefused) {
        const int result = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
        if (result < 0) return "seccomp: " + std::string(std::strerror(-result));
    }
    const int result = ::seccomp_load(filter.get());
    if (result < 0) return "seccomp: " + std::string(std::strerror(-result));
    return std::nullopt;
}

/// Rights over files of the first version of Landlock: every kernel that has it knows them.
constexpr std::uint64_t kAllRights = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1U) - 1;
constexpr std::uint64_t kFolderRights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;

std::optional<std::string> confine_files(const std::string& folder) {
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = kAllRights;
    const UniqueFd rules(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0)));
    if (!rules) return std::nullopt;  // no Landlock here: users and modes are what is left
    const UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = kFolderRights;
    beneath.parent_fd = place.get();
    if (!place || ::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH,
                            &beneath, 0) != 0) {
        return trouble("landlock_add_rule");
    }
    if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) {
        return trouble("landlock_restrict_self");
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> confine(const std::string& folder) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return trouble("no_new_privs");
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    const rlimit few{kDescriptors, kDescriptors};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return trouble("RLIMIT_CORE");
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return trouble("RLIMIT_NOFILE");
    if (auto problem = confine_files(folder)) return problem;
    return filter_calls();
}

}  // namespace postern::reputation
