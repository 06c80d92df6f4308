#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "sandbox/control.hpp"

namespace postern::sandbox {

/// What a worker is given. Descriptors are borrowed and close with the process.
struct Job {
    int message = -1;        ///< read by pread or mmap only: its offset is shared with the sender
    std::uint64_t size = 0;  ///< bytes
    int report = -1;         ///< write end of a stream
    Parameters parameters = {};
};

/// What the jail is for. One object, made before anything is confined.
class Workload {
public:
    struct Prepared {
        std::string error;   ///< a sentence; empty: all is well
        std::string status;  ///< what Ready tells the supervisor, at most kLongestText bytes
    };

    Workload() = default;
    virtual ~Workload() = default;
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;
    Workload(Workload&&) = delete;
    Workload& operator=(Workload&&) = delete;

    /// Folder in which a worker will be able to make files, known from prepare() on: "/scratch", or
    /// "." where workers have no root of their own. Empty: there will be none, and an engine that
    /// needs one must not be used.
    [[nodiscard]] const std::string& scratch() const { return scratch_; }
    /// For the launcher.
    void set_scratch(std::string folder) { scratch_ = std::move(folder); }

    /// Called once, with a file system, before the first fork: the last moment to load or open
    /// anything. Must leave no thread behind.
    [[nodiscard]] virtual Prepared prepare() = 0;
    /// Called in a confined worker, once in the life of that process. The result is the exit code:
    /// 0 means that the report is whole.
    [[nodiscard]] virtual int work(const Job& job) = 0;
    /// Called in a confined worker before the zygote says Ready, and every canary_interval: 0 when
    /// everything works in there that has to.
    [[nodiscard]] virtual int prove() = 0;

private:
    std::string scratch_;
};

}  // namespace postern::sandbox
