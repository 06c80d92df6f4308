/// @file Attempts that reach for something outside: files, processes, namespaces, other programs.

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <array>
#include <csignal>

#include "sandbox/proof/attempt.hpp"
#include "sandbox/proof/raw.hpp"

namespace postern::sandbox::proof {
namespace {

using T = const Targets&;
using enum Answer;

long open_file(const char* path, int flags) {
    return raw(SYS_openat, AT_FDCWD, path, flags, 0600);
}

std::array<char, 64> buffer{};

long read_memory(long call, pid_t peer) {
    iovec ours = {buffer.data(), buffer.size()};
    iovec theirs = {buffer.data(), buffer.size()};
    return raw(call, peer, &ours, 1, &theirs, 1, 0);
}

long clone_with(unsigned long flags) {
    const long pid = raw(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) raw(SYS_exit_group, 0);
    return pid;
}

constexpr const char* kShell = "/bin/sh";

// clang-format off
constexpr std::array kAttempts = {
    Attempt{"file.passwd", "read a file that everybody may read", Refused, [](T) { return open_file("/etc/passwd", O_RDONLY); }, true},
    Attempt{"file.secret", "read a file of our own user", Refused, [](T t) { return open_file(t.secret.c_str(), O_RDONLY); }, true},
    Attempt{"file.dotdot", "climb above the root", Refused, [](T) { return open_file("../../../../etc/passwd", O_RDONLY); }},
    Attempt{"file.tmp", "make a file in /tmp", Refused, [](T) { return open_file("/tmp/postern-proof", O_WRONLY | O_CREAT); }},
    Attempt{"file.root", "make a file in the root", Refused, [](T) { return open_file("/postern-proof", O_WRONLY | O_CREAT); }},
    Attempt{"file.own-program", "read our own program", Refused, [](T) { return open_file("/proc/self/exe", O_RDONLY); }},
    Attempt{"file.device", "open a device", Refused, [](T) { return open_file("/dev/mem", O_RDONLY); }},
    Attempt{"file.shm", "make an object in /dev/shm", Refused, [](T) { return open_file("/dev/shm/postern-proof", O_WRONLY | O_CREAT); }},
    Attempt{"file.openat2", "open by the newer call", Killed, [](T) { std::array<std::uint64_t, 3> how{}; return raw(SYS_openat2, AT_FDCWD, "/etc/passwd", how.data(), sizeof how); }},
    Attempt{"file.mknod", "make a device node", Killed, [](T) { return raw(SYS_mknodat, AT_FDCWD, "/scratch/node", 0020600, 0x0103); }},
    Attempt{"file.symlink", "make a link out of scratch", Killed, [](T) { return raw(SYS_symlinkat, "/etc/passwd", AT_FDCWD, "/scratch/link"); }},
    Attempt{"file.hardlink", "link a file into scratch", Killed, [](T) { return raw(SYS_linkat, AT_FDCWD, "/etc/passwd", AT_FDCWD, "/scratch/hard", 0); }},
    Attempt{"file.rename", "move a file", Killed, [](T t) { return raw(SYS_renameat2, AT_FDCWD, t.secret.c_str(), AT_FDCWD, "/scratch/taken", 0); }},
    Attempt{"file.handle", "open a file by its handle", Killed, [](T) { return raw(SYS_open_by_handle_at, AT_FDCWD, buffer.data(), O_RDONLY); }},
    Attempt{"file.chroot", "change the root and climb", Killed, [](T) { return raw(SYS_chroot, "/scratch"); }},
    Attempt{"proc.own-memory", "write our own memory as a file", Refused, [](T) { return open_file("/proc/self/mem", O_RDWR); }},
    Attempt{"proc.parent-memory", "read the zygote's memory", Refused, [](T) { return open_file("/proc/1/mem", O_RDONLY); }},
    Attempt{"proc.environment", "read an environment", Refused, [](T) { return open_file("/proc/self/environ", O_RDONLY); }},
    Attempt{"process.ptrace", "trace another process", Killed, [](T t) { return raw(SYS_ptrace, PTRACE_ATTACH, t.peer, nullptr, nullptr); }, true},
    Attempt{"process.read", "read another process", Killed, [](T t) { return read_memory(SYS_process_vm_readv, t.peer); }},
    Attempt{"process.write", "write another process", Killed, [](T t) { return read_memory(SYS_process_vm_writev, t.peer); }},
    Attempt{"process.kcmp", "compare kernel objects", Killed, [](T t) { return raw(SYS_kcmp, t.peer, t.peer, 0, 0, 0); }},
    Attempt{"process.pidfd", "get a handle on a process", Killed, [](T t) { return raw(SYS_pidfd_open, t.peer, 0); }},
    Attempt{"process.getfd", "take a descriptor of another process", Killed, [](T) { return raw(SYS_pidfd_getfd, 5, 0, 0); }},
    Attempt{"process.setns", "enter another namespace", Killed, [](T) { return raw(SYS_setns, 5, 0); }},
    Attempt{"process.kill", "kill another process", Killed, [](T t) { return raw(SYS_kill, t.peer, 0); }},
    Attempt{"process.kill-all", "kill every process", Killed, [](T) { return raw(SYS_kill, -1, 0); }},
    Attempt{"process.queue", "send a signal with data", Killed, [](T t) { return raw(SYS_rt_sigqueueinfo, t.peer, SIGUSR1, buffer.data()); }},
    Attempt{"process.tgkill", "abort another process", Killed, [](T t) { return raw(SYS_tgkill, t.peer, t.peer, SIGABRT); }},
    Attempt{"process.priority", "change another's priority", Killed, [](T t) { return raw(SYS_setpriority, PRIO_PROCESS, t.peer, 19); }},
    Attempt{"process.affinity", "move another process", Killed, [](T t) { return raw(SYS_sched_setaffinity, t.peer, buffer.size(), buffer.data()); }},
    Attempt{"process.limit", "change another's limits", Refused, [](T t) { rlimit limit = {1, 1}; return raw(SYS_prlimit64, t.peer, RLIMIT_NOFILE, &limit, nullptr); }},
    Attempt{"fork.fork", "make a process", Killed, [](T) { return clone_with(0); }, true},
    Attempt{"fork.clone3", "make a process by the newer call", Killed, [](T) { return raw(SYS_clone3, buffer.data(), buffer.size()); }},
    Attempt{"fork.parent", "make a sibling", Killed, [](T) { return clone_with(CLONE_PARENT); }},
    Attempt{"fork.vfork", "make a process by the old call", Killed, [](T) { return raw(SYS_vfork); }},
    Attempt{"exec.shell", "run a shell", Killed, [](T) { const char* words[] = {kShell, nullptr}; return raw(SYS_execve, kShell, words, nullptr); }, true},
    Attempt{"exec.descriptor", "run an open file", Killed, [](T t) { return raw(SYS_execveat, t.message, "", nullptr, nullptr, AT_EMPTY_PATH); }},
    Attempt{"namespace.user", "make a user namespace", Killed, [](T) { return raw(SYS_unshare, CLONE_NEWUSER); }, true},
    Attempt{"namespace.user-clone", "make one with a process", Killed, [](T) { return clone_with(CLONE_NEWUSER); }},
    Attempt{"namespace.net", "make a network namespace", Killed, [](T) { return raw(SYS_unshare, CLONE_NEWNET); }},
    Attempt{"namespace.mount", "mount a file system", Killed, [](T) { return raw(SYS_mount, "none", "/scratch", "tmpfs", 0, nullptr); }},
    Attempt{"namespace.proc", "mount /proc", Killed, [](T) { return raw(SYS_mount, "none", "/scratch", "proc", 0, nullptr); }},
    Attempt{"namespace.fsopen", "mount by the newer calls", Killed, [](T) { return raw(SYS_fsopen, "tmpfs", 0); }},
    Attempt{"namespace.open-tree", "copy a mount", Killed, [](T) { return raw(SYS_open_tree, AT_FDCWD, "/", 1); }},
    Attempt{"namespace.move-mount", "move a mount", Killed, [](T) { return raw(SYS_move_mount, AT_FDCWD, "/", AT_FDCWD, "/scratch", 0); }},
    Attempt{"namespace.umount", "take scratch away", Killed, [](T) { return raw(SYS_umount2, "/scratch", MNT_DETACH); }},
    Attempt{"namespace.pivot", "change the root", Killed, [](T) { return raw(SYS_pivot_root, "/scratch", "/scratch"); }},
    Attempt{"namespace.hostname", "rename the host", Killed, [](T) { return raw(SYS_sethostname, "x", 1); }},
};
// clang-format on

}  // namespace

std::span<const Attempt> reaching_attempts() {
    return kAttempts;
}

}  // namespace postern::sandbox::proof
