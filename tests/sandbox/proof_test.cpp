/// @file The escape attempts: each is stopped in the jail, and the same code succeeds outside of
/// it, so that it is the jail that stops it.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <string>

#include "sandbox/descriptor.hpp"
#include "sandbox/proof/prove.hpp"

namespace postern::sandbox::proof {
namespace {

TEST(Proof, EveryAttemptIsStopped) {
    if (kSanitized) GTEST_SKIP() << "sanitizers need calls that the filter kills";
    const Proof proof = prove({}, false);
    ASSERT_EQ(proof.error, "");
    EXPECT_GT(proof.results.size(), 100U);
    for (const Result& each : proof.results) {
        EXPECT_TRUE(each.stopped) << each.attempt->id << " (" << each.attempt->sentence
                                  << "): " << each.got;
        EXPECT_FALSE(each.escaped) << each.attempt->id;
    }
}

TEST(Proof, TheShortSetIsPartOfTheWhole) {
    if (kSanitized) GTEST_SKIP() << "sanitizers need calls that the filter kills";
    const Proof proof = prove({}, true);
    EXPECT_TRUE(proof.holds()) << proof.error;
    EXPECT_GE(proof.results.size(), 10U);
    EXPECT_LT(proof.results.size(), 20U);
}

/// Would hurt the machine the tests run on, or needs what only a worker has.
const std::set<std::string>& not_outside() {
    static const std::set<std::string> ids = {
        "process.kill-all", "kernel.time",      "kernel.swap",  "kernel.account", "right.uid",
        "bomb.memory",      "bomb.scratch",     "bomb.inodes",  "bomb.file",      "bomb.spin",
        "bomb.wait",        "file.mknod",       "file.symlink", "file.hardlink",  "file.rename",
        "file.chroot",      "bomb.descriptors", "fork.vfork"};
    return ids;
}

/// These have to succeed outside, as root, on any kernel the project supports.
const std::set<std::string>& must_succeed() {
    static const std::set<std::string> ids = {
        "file.passwd",      "file.secret",      "file.own-program", "file.openat2",
        "process.pidfd",    "process.kill",     "process.priority", "process.read",
        "fork.fork",        "namespace.user",   "namespace.net",    "namespace.hostname",
        "namespace.fsopen", "net.tcp",          "net.udp",          "net.unix",
        "net.netlink",      "net.raw",          "net.packet",       "net.pair",
        "input.write",      "input.map",        "input.truncate",   "right.groups",
        "right.dumpable",   "right.outlive",    "code.writable",    "code.protect",
        "code.memfd",       "kernel.inotify",   "kernel.keyctl",    "kernel.log",
        "ipc.segment",      "ipc.make-segment", "ipc.queue",        "bomb.timer",
        "channel.option",   "file.shm",         "right.filter",     "namespace.open-tree"};
    return ids;
}

/// The attempt in a child of its own, unjailed but for namespaces that keep the host clean.
bool succeeds_outside(const Attempt& attempt, const Targets& targets) {
    const pid_t peer = ::fork();  // a new one each time: some attempts kill it
    if (peer == 0) {
        for (;;) ::pause();
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(5);
        const int null = ::open("/dev/null", O_RDWR);
        for (int stream = 0; stream < 3; ++stream) ::dup2(null, stream);
        if (::unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0) ::_exit(2);
        const int message = ::memfd_create("message", 0);
        std::array<int, 2> ends{};
        if (::ftruncate(message, 4096) != 0 ||
            ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0 ||
            ::write(ends[1], "x", 1) != 1) {
            ::_exit(2);
        }
        ::dup2(message, 103);
        ::dup2(ends[0], 104);
        Targets own = targets;
        own.message = 103;
        own.report = 104;
        own.peer = peer;
        const long result = attempt.run(own);
        ::_exit(result >= 0 || result < -4095 ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    ::kill(peer, SIGKILL);
    ::waitpid(peer, nullptr, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Proof, WhatIsStoppedInsideSucceedsOutside) {
    if (::geteuid() != 0) GTEST_SKIP() << "the attempts have to be made as root to succeed";
    if (kSanitized) GTEST_SKIP() << "the deeds do not suit sanitizers";
    Targets targets;
    targets.secret = testing::TempDir() + "postern-proof-secret";
    { const Descriptor secret(::open(targets.secret.c_str(), O_CREAT | O_WRONLY, 0600)); }
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener.get(), generic, size), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    ASSERT_EQ(::getsockname(listener.get(), generic, &size), 0);
    targets.port = ntohs(address.sin_port);
    targets.segment = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    std::size_t succeeded = 0;
    for (const auto attempts : {reaching_attempts(), kernel_attempts()}) {
        for (const Attempt& each : attempts) {
            if (not_outside().contains(each.id)) continue;
            const bool done = succeeds_outside(each, targets);
            succeeded += done ? 1 : 0;
            EXPECT_TRUE(done || !must_succeed().contains(each.id)) << each.id;
        }
    }
    EXPECT_GT(succeeded, must_succeed().size());
    ::shmctl(targets.segment, IPC_RMID, nullptr);
    ::unlink(targets.secret.c_str());
    ::unlink("/dev/shm/postern-proof");
    ::unlink("/tmp/postern-proof");
    ::unlink("/postern-proof");
}

}  // namespace
}  // namespace postern::sandbox::proof
