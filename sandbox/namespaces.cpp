#include "sandbox/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sandbox/descriptor.hpp"

namespace postern::sandbox {
namespace {

bool write_file(const char* path, const std::string& text) {
    const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// The steps of a jail. Says the first one that fails.
Problem go_through() {
    if (Problem failed = enter_user_namespace()) return failed;
    const long first =
        ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (first < 0) return problem("clone(CLONE_NEWPID)");
    if (first > 0) {
        int status = 0;
        while (::waitpid(static_cast<pid_t>(first), &status, 0) < 0 && errno == EINTR) {
        }
        ::_exit(0);  // the first process of the namespace has said it all
    }
    if (Problem failed = enter_other_namespaces()) return failed;
    return enter_empty_root();
}

constexpr std::size_t kLongestProblem = 512;

}  // namespace

Problem try_namespaces() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return problem("pipe2");
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    // The plain system call: a sanitizer's fork would start a thread, which unshare does not like.
    const auto child =
        static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child < 0) return problem("clone");
    if (child == 0) {
        const std::string text = go_through().value_or("");
        ::_exit(::write(theirs.get(), ("." + text).data(), text.size() + 1) > 0 ? 0 : 1);
    }
    theirs.reset();
    std::array<char, kLongestProblem> buffer{};
    const ssize_t got = ::read(ours.get(), buffer.data(), buffer.size());
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (got == 1) return std::nullopt;
    if (got < 1) return "the trial of the namespaces ended without an answer";
    return std::string(buffer.data() + 1, static_cast<std::size_t>(got) - 1);
}

std::string problem(const std::string& call) {
    const char* words = ::strerrordesc_np(errno);
    return call + ": " + (words == nullptr ? "unknown error" : words);
}

Problem enter_user_namespace() {
    const std::string uid = std::to_string(::geteuid());
    const std::string gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER) != 0) return problem("unshare(CLONE_NEWUSER)");
    // Without "deny" an ordinary user may not write gid_map.
    if (!write_file("/proc/self/setgroups", "deny")) return problem("/proc/self/setgroups");
    if (!write_file("/proc/self/uid_map", "0 " + uid + " 1")) return problem("/proc/self/uid_map");
    if (!write_file("/proc/self/gid_map", "0 " + gid + " 1")) return problem("/proc/self/gid_map");
    return std::nullopt;
}

Problem forbid_more_namespaces() {
    // Mount and pid namespaces are what workers are made with: they are not counted out.
    constexpr const char* kNone[] = {"/proc/sys/user/max_user_namespaces",
                                     "/proc/sys/user/max_time_namespaces"};
    constexpr const char* kOurs[] = {"/proc/sys/user/max_ipc_namespaces",
                                     "/proc/sys/user/max_uts_namespaces",
                                     "/proc/sys/user/max_cgroup_namespaces"};
    for (const char* path : kNone) {
        if (!write_file(path, "0")) return problem(path);
    }
    // Two, since a zygote that died may still hold its own while the next one starts.
    for (const char* path : kOurs) {
        if (!write_file(path, "2")) return problem(path);
    }
    if (!write_file("/proc/sys/user/max_net_namespaces", "2")) {
        return problem("/proc/sys/user/max_net_namespaces");
    }
    return std::nullopt;
}

Problem enter_other_namespaces() {
    constexpr int kAll = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    if (::unshare(kAll) != 0) return problem("unshare(mount, network, ipc, uts, cgroup)");
    return std::nullopt;
}

Problem enter_empty_root() {
    constexpr unsigned long kQuiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return problem("mount(MS_PRIVATE)");
    }
    if (::mount("none", "/tmp", "tmpfs", kQuiet, "size=4k,nr_inodes=4,mode=0555") != 0) {
        return problem("mount(tmpfs)");
    }
    if (::chdir("/tmp") != 0 || ::mkdir("scratch", 0700) != 0) return problem("mkdir(scratch)");
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return problem("pivot_root");
    if (::umount2(".", MNT_DETACH) != 0) return problem("umount2");
    if (::chdir("/") != 0) return problem("chdir(/)");
    if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kQuiet, nullptr) != 0) {
        return problem("mount(read-only root)");
    }
    return std::nullopt;
}

bool mount_scratch(const char* options) {
    return ::mount("none", "/scratch", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0;
}

}  // namespace postern::sandbox
