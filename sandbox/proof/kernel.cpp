/// @file Attempts on the network, on rights, on the kernel itself, and bombs.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstring>

#include "sandbox/proof/attempt.hpp"
#include "sandbox/proof/raw.hpp"

namespace postern::sandbox::proof {
namespace {

using T = const Targets&;
using enum Answer;

constexpr int kVsock = 40;
constexpr int kAlgorithm = 38;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kMiB = std::size_t{1} << 20;

std::array<char, 256> buffer{};

long connect_to_listener(const Targets& targets) {
    const long socket = raw(SYS_socket, AF_INET, SOCK_STREAM, 0);
    if (socket < 0) return socket;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(targets.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return raw(SYS_connect, socket, &address, sizeof address);
}

long executable_memory(const Targets&) {
    return raw(SYS_mmap, nullptr, kPage, PROT_READ | PROT_WRITE | PROT_EXEC,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

long make_executable(const Targets&) {
    const long page =
        raw(SYS_mmap, nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page < 0 && page > -4096 ? page : raw(SYS_mprotect, page, kPage, PROT_READ | PROT_EXEC);
}

long own_filter(const Targets&) {
    sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    sock_fprog program = {1, &allow};
    return raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8 /* NEW_LISTENER */, &program);
}

long send_descriptor(const Targets& targets) {
    msghdr message{};
    return raw(SYS_sendmsg, targets.report, &message, 0);
}

long fill_memory(const Targets&) {
    for (std::size_t taken = 0; taken < 2048 * kMiB; taken += 64 * kMiB) {
        const long area = raw(SYS_mmap, nullptr, 64 * kMiB, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (area < 0 && area > -4096) return area;
    }
    return 0;
}

/// Up to 200 MiB in files of 50, each within the limit of one file.
long fill_scratch(const Targets&) {
    static std::array<char, 65536> block{};
    const char* const names[] = {"/scratch/a", "/scratch/b", "/scratch/c", "/scratch/d"};
    for (const char* name : names) {
        const long file = raw(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT, 0600);
        if (file < 0) return file;
        for (std::size_t done = 0; done < 50 * kMiB; done += block.size()) {
            const long wrote = raw(SYS_write, file, block.data(), block.size());
            if (wrote < static_cast<long>(block.size())) return wrote < 0 ? wrote : -ENOSPC;
        }
        raw(SYS_close, file);
    }
    return 0;
}

long fill_inodes(const Targets&) {
    std::array<char, 32> name{};
    for (unsigned i = 0; i < 20'000; ++i) {
        std::memcpy(name.data(), "/scratch/f", 10);
        for (unsigned digit = 0, rest = i; digit < 5; ++digit, rest /= 10) {
            name.at(10 + digit) = static_cast<char>('0' + rest % 10);
        }
        const long file = raw(SYS_openat, AT_FDCWD, name.data(), O_WRONLY | O_CREAT, 0600);
        if (file < 0) return file;
        raw(SYS_close, file);
    }
    return 0;
}

long fill_descriptors(const Targets&) {
    for (int i = 0; i < 5000; ++i) {
        const long file = raw(SYS_openat, AT_FDCWD, "/scratch", O_RDONLY | O_DIRECTORY, 0);
        if (file < 0) return file;
    }
    return 0;
}

long big_file(const Targets&) {
    const long file = raw(SYS_openat, AT_FDCWD, "/scratch/big", O_WRONLY | O_CREAT, 0600);
    return file < 0 ? file : raw(SYS_ftruncate, file, 4096 * kMiB);
}

long no_core(const Targets&) {
    rlimit limit = {1000, 1000};
    return raw(SYS_prlimit64, 0, RLIMIT_NPROC, &limit, nullptr);
}

// clang-format off
constexpr std::array kAttempts = {
    Attempt{"net.tcp", "connect to a listener on this host", Killed, connect_to_listener, true},
    Attempt{"net.udp", "send datagrams", Killed, [](T) { return raw(SYS_socket, AF_INET, SOCK_DGRAM, 0); }},
    Attempt{"net.ipv6", "use IPv6", Killed, [](T) { return raw(SYS_socket, AF_INET6, SOCK_STREAM, 0); }},
    Attempt{"net.unix", "connect to a local service", Killed, [](T) { return raw(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }},
    Attempt{"net.vsock", "dial the hypervisor", Killed, [](T) { return raw(SYS_socket, kVsock, SOCK_STREAM, 0); }, true},
    Attempt{"net.netlink", "ask the kernel about interfaces", Killed, [](T) { return raw(SYS_socket, AF_NETLINK, SOCK_RAW, 0); }},
    Attempt{"net.raw", "send raw packets", Killed, [](T) { return raw(SYS_socket, AF_INET, SOCK_RAW, 1); }},
    Attempt{"net.packet", "listen to the wire", Killed, [](T) { return raw(SYS_socket, AF_PACKET, SOCK_RAW, 0); }},
    Attempt{"net.crypto", "use the kernel's ciphers", Killed, [](T) { return raw(SYS_socket, kAlgorithm, SOCK_SEQPACKET, 0); }},
    Attempt{"net.pair", "make a socket pair", Killed, [](T) { return raw(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, buffer.data()); }},
    Attempt{"net.bind", "listen on the report's socket", Killed, [](T t) { return raw(SYS_listen, t.report, 1); }},
    Attempt{"channel.descriptor", "send a descriptor out", Killed, send_descriptor},
    Attempt{"channel.receive", "receive descriptors", Killed, [](T t) { msghdr m{}; return raw(SYS_recvmsg, t.report, &m, 0); }},
    Attempt{"channel.option", "change the channel", Killed, [](T t) { int on = 1; return raw(SYS_setsockopt, t.report, SOL_SOCKET, SO_SNDBUF, &on, sizeof on); }},
    Attempt{"input.write", "change the message", Refused, [](T t) { return raw(SYS_write, t.message, "x", 1); }, true},
    Attempt{"input.map", "map the message to write", Refused, [](T t) { return raw(SYS_mmap, nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, t.message, 0); }},
    Attempt{"input.truncate", "cut the message", Refused, [](T t) { return raw(SYS_ftruncate, t.message, 0); }},
    Attempt{"input.reopen", "open the message anew", Refused, [](T) { return raw(SYS_openat, AT_FDCWD, "/proc/self/fd/3", O_RDWR, 0); }},
    Attempt{"input.flags", "change flags of the shared file", Refused, [](T t) { return raw(SYS_fcntl, t.message, F_SETFL, O_APPEND); }},
    Attempt{"input.lease", "take a lease", Refused, [](T t) { return raw(SYS_fcntl, t.message, F_SETLEASE, F_RDLCK); }},
    Attempt{"right.uid", "become another user", Killed, [](T) { return raw(SYS_setresuid, 0, 0, 0); }},
    Attempt{"right.gid", "become another group", Killed, [](T) { return raw(SYS_setresgid, 0, 0, 0); }},
    Attempt{"right.groups", "join groups", Killed, [](T) { return raw(SYS_setgroups, 0, nullptr); }},
    Attempt{"right.capset", "take capabilities back", Killed, [](T) { return raw(SYS_capset, buffer.data(), buffer.data()); }},
    Attempt{"right.dumpable", "be debuggable again", Killed, [](T) { return raw(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    Attempt{"right.outlive", "outlive the zygote", Killed, [](T) { return raw(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0); }},
    Attempt{"right.session", "start a session", Killed, [](T) { return raw(SYS_setsid); }},
    Attempt{"right.filter", "put a filter with a listener on", Killed, own_filter},
    Attempt{"right.limit", "raise a limit", Refused, no_core},
    Attempt{"right.terminal", "type into a terminal", Refused, [](T) { return raw(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x"); }},
    Attempt{"code.writable", "memory to write and run", Killed, executable_memory, true},
    Attempt{"code.protect", "make memory runnable", Killed, make_executable},
    Attempt{"code.pkey", "make it runnable by the newer call", Killed, [](T) { return raw(SYS_pkey_mprotect, 0, kPage, PROT_EXEC, -1); }},
    Attempt{"code.personality", "make all memory runnable", Killed, [](T) { return raw(SYS_personality, 0x0400000); }},
    Attempt{"code.memfd", "make a file to run", Killed, [](T) { return raw(SYS_memfd_create, "x", 0); }},
    Attempt{"kernel.bpf", "load a BPF program", Killed, [](T) { return raw(SYS_bpf, 0, buffer.data(), 72); }, true},
    Attempt{"kernel.perf", "count events", Killed, [](T) { return raw(SYS_perf_event_open, buffer.data(), 0, -1, -1, 0); }},
    Attempt{"kernel.log", "read the kernel's log", Killed, [](T) { return raw(SYS_syslog, 3, buffer.data(), buffer.size()); }},
    Attempt{"kernel.reboot", "restart the machine", Killed, [](T) { return raw(SYS_reboot, 0, 0, 0, nullptr); }},
    Attempt{"kernel.swap", "swap on a file", Killed, [](T) { return raw(SYS_swapon, "/scratch/x", 0); }},
    Attempt{"kernel.account", "write accounting", Killed, [](T) { return raw(SYS_acct, nullptr); }},
    Attempt{"kernel.time", "set the clock", Killed, [](T) { return raw(SYS_clock_settime, 0, buffer.data()); }},
    Attempt{"kernel.adjust", "bend the clock", Killed, [](T) { return raw(SYS_adjtimex, buffer.data()); }},
    Attempt{"kernel.faults", "handle page faults", Killed, [](T) { return raw(SYS_userfaultfd, 1); }},
    Attempt{"kernel.io-uring", "submit work to the kernel", Killed, [](T) { return raw(SYS_io_uring_setup, 1, buffer.data()); }},
    Attempt{"kernel.aio", "asynchronous I/O", Killed, [](T) { return raw(SYS_io_setup, 1, buffer.data()); }},
    Attempt{"kernel.key", "store a key", Killed, [](T) { return raw(SYS_add_key, "user", "x", "y", 1, -3); }},
    Attempt{"kernel.keyctl", "use keys", Killed, [](T) { return raw(SYS_keyctl, 0, -3, 0, 0, 0); }},
    Attempt{"kernel.inotify", "watch files", Killed, [](T) { return raw(SYS_inotify_init1, 0); }},
    Attempt{"kernel.fanotify", "watch a file system", Killed, [](T) { return raw(SYS_fanotify_init, 0, 0); }},
#if defined(__x86_64__)
    Attempt{"kernel.ldt", "change segments", Killed, [](T) { return raw(SYS_modify_ldt, 0, buffer.data(), 16); }},
    Attempt{"kernel.ports", "use I/O ports", Killed, [](T) { return raw(SYS_iopl, 3); }},
    Attempt{"abi.x32", "a call of the x32 interface", Killed, [](T) { return raw(0x40000000L + SYS_getpid); }},
#endif
    Attempt{"abi.unknown", "a call that does not exist", Killed, [](T) { return raw(5000); }},
    Attempt{"kernel.module", "load a module", Killed, [](T) { return raw(SYS_finit_module, 0, "", 0); }},
    Attempt{"kernel.kexec", "load another kernel", Killed, [](T) { return raw(SYS_kexec_load, 0, 0, nullptr, 0); }},
    Attempt{"ipc.segment", "attach a segment of the host", Killed, [](T t) { return raw(SYS_shmat, t.segment, nullptr, 0); }},
    Attempt{"ipc.make-segment", "make shared memory", Killed, [](T) { return raw(SYS_shmget, 0, kPage, 0600); }},
    Attempt{"ipc.queue", "make a message queue", Killed, [](T) { return raw(SYS_msgget, 0, 0600); }},
    Attempt{"ipc.posix-queue", "make a POSIX queue", Killed, [](T) { return raw(SYS_mq_open, "/x", O_CREAT | O_RDWR, 0600, nullptr); }},
    Attempt{"bomb.timer", "be woken for ever", Killed, [](T) { return raw(SYS_timer_create, 0, nullptr, buffer.data()); }},
    Attempt{"bomb.memory", "take 2 GiB of memory", Bounded, fill_memory},
    Attempt{"bomb.scratch", "fill 200 MiB of scratch", Bounded, fill_scratch},
    Attempt{"bomb.inodes", "make 20,000 files", Bounded, fill_inodes},
    Attempt{"bomb.descriptors", "open 5,000 files", Bounded, fill_descriptors},
    Attempt{"bomb.file", "make a file of 4 GiB", Bounded, big_file},
    Attempt{"bomb.spin", "spin for ever", Bounded, [](T) -> long { volatile bool on = true; while (on) { } return 0; }},
    Attempt{"bomb.wait", "do nothing for ever", Bounded, [](T) -> long { for (;;) raw(SYS_sched_yield); }},
};
// clang-format on

}  // namespace

std::span<const Attempt> kernel_attempts() {
    return kAttempts;
}

}  // namespace postern::sandbox::proof
