#include "sandbox/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sandbox/descriptor.hpp"

namespace postern::sandbox {
namespace {

bool write_file(const char* path, const std::string& text) {
    const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::string problem(const std::string& call) {
    return call + ": " + std::strerror(errno);
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
    constexpr int kAll =
        CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
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
