#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {

/// Notices that signature files changed, and waits until they are quiet: freshclam and editors
/// write several files, and a half-written set must not be loaded.
class SignatureWatch {
public:
    using Clock = std::chrono::steady_clock;

    /// `paths` are folders or files; those that do not exist are watched through the folder above
    /// them. Does nothing where the kernel has no inotify left.
    SignatureWatch(const std::vector<std::string>& paths, std::chrono::milliseconds settle);

    /// Readable when something happened; -1: nothing is watched.
    [[nodiscard]] int watch() const { return inotify_.get(); }
    /// Takes what happened.
    void read(Clock::time_point now);
    /// When due() may become true; nullopt: nothing is pending.
    [[nodiscard]] std::optional<Clock::time_point> when() const { return when_; }
    /// True once after each change has settled.
    [[nodiscard]] bool due(Clock::time_point now);

private:
    void add(const std::string& path);

    UniqueFd inotify_;
    std::chrono::milliseconds settle_;
    std::optional<Clock::time_point> when_;
};

}  // namespace postern::cli
