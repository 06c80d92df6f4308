#include "analyzers/host/connection.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <utility>

namespace postern::host {

Connection::Job::Job(Connection& connection, std::uint64_t id) : connection_(connection), id_(id) {
    const std::lock_guard lock(connection_.mutex_);
    connection_.jobs_.emplace(id_, this);
    if (connection_.gone_) happened_ = Lost{};
}

Connection::Job::~Job() {
    const std::lock_guard lock(connection_.mutex_);
    connection_.jobs_.erase(id_);
}

Connection::Connection(UniqueFd channel) : channel_(std::move(channel)) {
    // A zygote that does not read for so long is as good as gone.
    const timeval patience = {.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(channel_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool Connection::start(const sandbox::Start& start, int message, int report) {
    return sandbox::send(channel_.get(), start, {message, report});
}

void Connection::cancel(const Job& job) {
    sandbox::Cancel cancel;
    cancel.job = job.id();
    (void)sandbox::send(channel_.get(), cancel);  // if it is gone, so is the job
}

std::optional<Happened> Connection::wait(Job& job, Clock::time_point until) {
    std::unique_lock lock(mutex_);
    job.changed_.wait_until(lock, until, [&] { return job.happened_.has_value(); });
    return job.happened_;
}

void Connection::hear() {
    const auto got = sandbox::receive(channel_.get());
    if (const auto* error = std::get_if<sandbox::ReceiveError>(&got)) {
        if (*error == sandbox::ReceiveError::Nothing) return;
        return close_all();  // closed, or nonsense: such a zygote is not to be trusted further
    }
    const sandbox::Message& message = std::get<sandbox::Received>(got).message;
    if (const auto* started = std::get_if<sandbox::Started>(&message)) {
        const std::lock_guard lock(mutex_);
        idle_ = started->idle;
    } else if (const auto* ended = std::get_if<sandbox::Ended>(&message)) {
        tell(ended->job, sandbox::Ending{ended->cause, ended->value});
    } else if (const auto* refused = std::get_if<sandbox::Refused>(&message)) {
        tell(refused->job, refused->why);
    }
}

bool Connection::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

bool Connection::gone() const {
    const std::lock_guard lock(mutex_);
    return gone_;
}

std::uint32_t Connection::idle() const {
    const std::lock_guard lock(mutex_);
    return idle_;
}

void Connection::retire() {
    const std::lock_guard lock(mutex_);
    open_ = false;
}

void Connection::tell(std::uint64_t id, Happened happened) {
    const std::lock_guard lock(mutex_);
    const auto job = jobs_.find(id);
    if (job == jobs_.end() || job->second->happened_) return;
    job->second->happened_ = happened;
    job->second->changed_.notify_one();  // under the lock: the job may be gone right after
}

void Connection::close_all() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    gone_ = true;
    for (const auto& [id, job] : jobs_) {
        if (!job->happened_) job->happened_ = Lost{};
        job->changed_.notify_one();
    }
}

}  // namespace postern::host
