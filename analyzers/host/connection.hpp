#pragma once

/// @file One client channel into one zygote: jobs out, their endings back.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <variant>

#include "analyzers/base/unique_fd.hpp"
#include "sandbox/control.hpp"
#include "sandbox/ending.hpp"

namespace postern::host {

/// The zygote went away with the job.
struct Lost {};
/// What became of a job, as the zygote says.
using Happened = std::variant<sandbox::Ending, sandbox::Refusal, Lost>;

/// Many threads start jobs and wait for them; one thread calls hear().
class Connection {
public:
    using Clock = std::chrono::steady_clock;

    /// One job of the calling thread: listed while it lives.
    class Job {
    public:
        Job(Connection& connection, std::uint64_t id);
        ~Job();
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        [[nodiscard]] std::uint64_t id() const { return id_; }

    private:
        friend class Connection;
        Connection& connection_;
        std::uint64_t id_;
        std::condition_variable changed_;
        std::optional<Happened> happened_;
    };

    explicit Connection(UniqueFd channel);

    /// False: the channel is closed or stuck, and the job is lost.
    [[nodiscard]] bool start(const sandbox::Start& start, int message, int report);
    void cancel(const Job& job);
    /// nullopt: nothing was said before `until`.
    [[nodiscard]] std::optional<Happened> wait(Job& job, Clock::time_point until);

    /// Reads one message; call when channel() is readable. When it is closed, all jobs are lost.
    void hear();
    [[nodiscard]] int channel() const { return channel_.get(); }
    /// New jobs may be started.
    [[nodiscard]] bool open() const;
    /// Closed, or not to be trusted: nothing comes from it any more.
    [[nodiscard]] bool gone() const;
    [[nodiscard]] std::uint32_t idle() const;
    /// It drains: takes no new jobs.
    void retire();

private:
    void tell(std::uint64_t id, Happened happened);
    void close_all();

    UniqueFd channel_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Job*> jobs_;
    std::uint32_t idle_ = 0;
    bool open_ = true;
    bool gone_ = false;
};

}  // namespace postern::host
