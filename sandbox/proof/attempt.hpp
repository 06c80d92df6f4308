#pragma once

/// @file The escape attempts: what a taken-over worker would try first, a row each.

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

namespace postern::sandbox::proof {

/// What the attempts aim at. All of it exists while they run and belongs to the same user, so that
/// it is the jail that stops them and not a file permission.
struct Targets {
    std::string secret;      ///< a readable file outside
    std::string socket;      ///< a listening UNIX socket, by path
    std::uint16_t port = 0;  ///< a TCP listener on 127.0.0.1
    pid_t peer = 0;          ///< a living process
    int segment = -1;        ///< a SysV shared memory segment
    int message = 3;         ///< the worker's own descriptors
    int report = 4;
};

/// How the full jail answers.
enum class Answer : std::uint8_t {
    Killed,   ///< dies by SIGSYS on the row's own call
    Refused,  ///< the call fails
    Bounded,  ///< a limit ends it: the call fails, or the worker is ended from outside
};

struct Attempt {
    const char* id;        ///< "file.secret"
    const char* sentence;  ///< what it would gain
    Answer expected;
    /// Does the deed with plain system calls. 0 or more: it succeeded; else the negative errno.
    long (*run)(const Targets& targets);
    bool quick = false;  ///< part of the short set run at each start
};

/// Attempts on files, processes and namespaces.
[[nodiscard]] std::span<const Attempt> reaching_attempts();
/// Attempts on the network, the kernel, credentials, and bombs.
[[nodiscard]] std::span<const Attempt> kernel_attempts();

}  // namespace postern::sandbox::proof
