#pragma once

/// @file The supervisor's side: starts a launcher program and talks to its zygote.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sandbox/control.hpp"

namespace postern::sandbox {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// A launcher process and our end of its supervision channel. The destructor closes the channel,
/// which ends zygote and workers, and reaps the launcher.
class Spawned {
public:
    /// Starts `program` with `arguments`; the words "@channel" and "@settings" are replaced by the
    /// numbers of the supervision channel and of `settings`, an open file, in the child. As
    /// `identity` when we are root. The failure is errno.
    static std::variant<Spawned, int> start(const std::string& program,
                                            std::vector<std::string> arguments, int settings,
                                            std::optional<Identity> identity);
    ~Spawned();
    Spawned(Spawned&& other) noexcept;
    Spawned& operator=(Spawned&& other) noexcept;
    Spawned(const Spawned&) = delete;
    Spawned& operator=(const Spawned&) = delete;

    [[nodiscard]] int channel() const { return channel_.get(); }
    /// Readable when the launcher has ended.
    [[nodiscard]] int process() const { return pidfd_.get(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// A new client channel into the zygote; nullopt: it is gone.
    [[nodiscard]] std::optional<Descriptor> connect() const;
    [[nodiscard]] bool drain() const;

private:
    Spawned(pid_t pid, Descriptor pidfd, Descriptor channel)
        : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}
    pid_t pid_ = -1;
    Descriptor pidfd_;
    Descriptor channel_;
};

}  // namespace postern::sandbox
