#pragma once

/// @file One program of ours as a child process: started with exactly the descriptors it is given,
/// as the user it is meant to run as, watched by a pidfd.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {

/// Who a service runs as. Unset: as ourselves.
struct RunAs {
    uid_t uid = 0;
    gid_t gid = 0;
};

struct Program {
    std::string path;                    ///< of the executable
    std::vector<std::string> arguments;  ///< without the program's own name
    /// Become descriptors 3, 4, ... of the child in this order; they stay ours too.
    std::vector<int> descriptors;
    std::optional<RunAs> run_as;
};

class Child {
public:
    /// Starts the program. The failure is a sentence: which call, and why.
    static Outcome<Child, std::string> start(const Program& program);

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Readable when the child has ended.
    [[nodiscard]] int watch() const { return pidfd_.get(); }
    void signal(int number) const;
    /// Waits for the end (it has ended when watch() is readable) and says how: "exit 0",
    /// "killed by signal 9".
    [[nodiscard]] std::string reap();

private:
    Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
    pid_t pid_ = -1;
    UniqueFd pidfd_;
};

/// A sealed memory file with this content, readable by whoever inherits it: how secrets and
/// settings reach a service that may not open their files.
[[nodiscard]] UniqueFd memory_file(const std::string& content);

}  // namespace postern::cli
