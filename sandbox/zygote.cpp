#include "sandbox/zygote.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <memory>
#include <optional>

#include "sandbox/confinement.hpp"
#include "sandbox/worker.hpp"

namespace postern::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCanaryTime{30};
constexpr int kUnpreparedInARow = 3;  // then it is no accident: refuse to go on

struct Peer {
    Descriptor channel;
};

/// One process of ours. Idle until it has a job.
struct Worker {
    pid_t pid = -1;
    Descriptor pidfd;
    Descriptor socket;
    std::string folder;  ///< its scratch, where it has no root of its own
    Errand errand = Errand::Job;
    Peer* client = nullptr;  ///< set with a job; null again when the client has gone
    bool busy = false;
    std::uint64_t job = 0;
    Clock::time_point deadline = Clock::time_point::max();
    Cause killed = Cause::Finished;
};

class Zygote {
public:
    Zygote(Prepared prepared, Workload& workload, int supervision, std::string status)
        : prepared_(std::move(prepared)),
          workload_(workload),
          supervision_(supervision),
          status_(std::move(status)) {}

    int run();

private:
    Worker* make_worker(Errand errand);
    void refill();
    [[nodiscard]] std::size_t idle() const;
    bool wait();
    void hear_supervisor();
    void hear(Peer& client);
    void start(Peer& client, const Start& start, const std::vector<Descriptor>& descriptors);
    void kill(Worker& worker, Cause cause);
    void bury(Worker& worker);
    void lose(Peer& client);
    void check_time(Clock::time_point now);
    void refuse(const std::string& why);

    Prepared prepared_;
    Workload& workload_;
    int supervision_;
    std::string status_;
    std::list<std::unique_ptr<Peer>> clients_;
    std::list<std::unique_ptr<Worker>> workers_;
    std::optional<int> result_;  ///< set: the zygote ends with it
    bool ready_ = false;
    bool draining_ = false;
    int unprepared_ = 0;
    std::uint64_t made_ = 0;
    Clock::time_point next_canary_ = Clock::now();
};

Worker* Zygote::make_worker(Errand errand) {
    auto pair = channel_pair();
    if (!pair) return nullptr;
    const int socket = (*pair)[1].get();
    const auto folder = new_scratch_folder(prepared_, made_++);
    if (!folder) return nullptr;
    const unsigned long namespaces = (prepared_.layers.pid_namespace ? CLONE_NEWPID : 0U) |
                                     (prepared_.layers.other_namespaces ? CLONE_NEWNS : 0U);
    int pidfd = -1;
    // The plain system call: one thread, so no handler of fork has anything to do.
    const long pid =
        ::syscall(SYS_clone, namespaces | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr);
    if (pid == 0) run_worker(prepared_, workload_, socket, *folder, errand);
    if (pid < 0) {
        remove_scratch_folder(*folder);
        return nullptr;
    }
    auto worker = std::make_unique<Worker>();
    worker->pid = static_cast<pid_t>(pid);
    worker->pidfd.reset(pidfd);
    worker->socket = std::move((*pair)[0]);
    worker->folder = *folder;
    worker->errand = errand;
    if (errand == Errand::Canary) {
        worker->busy = true;
        worker->deadline = Clock::now() + kCanaryTime;
    }
    return workers_.emplace_back(std::move(worker)).get();
}

std::size_t Zygote::idle() const {
    return static_cast<std::size_t>(std::count_if(
        workers_.begin(), workers_.end(), [](const auto& worker) { return !worker->busy; }));
}

void Zygote::refill() {
    if (draining_ || !ready_) return;
    if (idle() < prepared_.policy.idle_workers && workers_.size() < prepared_.policy.max_workers) {
        (void)make_worker(Errand::Job);  // one a round: requests come first
    }
}

void Zygote::refuse(const std::string& why) {
    (void)send(supervision_, Failed{Kind::Failed, why}, {}, false);
    result_ = kZygoteRefused;
}

void Zygote::kill(Worker& worker, Cause cause) {
    if (worker.killed != Cause::Finished) return;
    worker.killed = cause;
    ::syscall(SYS_pidfd_send_signal, worker.pidfd.get(), SIGKILL, nullptr, 0);
}

/// The client has closed its channel: nobody waits for what its workers find.
void Zygote::lose(Peer& client) {
    for (auto& worker : workers_) {
        if (worker->client != &client) continue;
        worker->client = nullptr;
        kill(*worker, Cause::Cancelled);
    }
    client.channel.reset();
}

void Zygote::start(Peer& client, const Start& start, const std::vector<Descriptor>& descriptors) {
    const auto refuse_job = [&](Refusal why) {
        const Refused refused{Kind::Refused, why, start.job};
        if (!send(client.channel.get(), refused, {}, false)) lose(client);
    };
    if (draining_) return refuse_job(Refusal::Draining);
    const auto free = std::find_if(workers_.begin(), workers_.end(), [](const auto& worker) {
        return !worker->busy && worker->killed == Cause::Finished;
    });
    Worker* worker = free == workers_.end() ? nullptr : free->get();
    if (worker == nullptr) {
        if (workers_.size() >= prepared_.policy.max_workers) return refuse_job(Refusal::Busy);
        worker = make_worker(Errand::Job);
    }
    if (worker == nullptr ||
        !send(worker->socket.get(), start, {descriptors[0].get(), descriptors[1].get()}, false)) {
        return refuse_job(Refusal::NoWorker);
    }
    worker->busy = true;
    worker->client = &client;
    worker->job = start.job;
    worker->deadline = Clock::now() + std::chrono::milliseconds(start.wall_ms);
    worker->socket.reset();  // the worker has what it needs; its end tells by the pidfd
    const Started started{Kind::Started, static_cast<std::uint32_t>(idle()), start.job};
    if (!send(client.channel.get(), started, {}, false)) lose(client);
}

void Zygote::hear(Peer& client) {
    for (;;) {
        pollfd waiting = {client.channel.get(), POLLIN, 0};
        if (!client.channel || ::poll(&waiting, 1, 0) <= 0) return;
        auto got = receive(client.channel.get());
        if (const auto* error = std::get_if<ReceiveError>(&got)) {
            if (*error == ReceiveError::Nothing) return;
            return lose(client);  // closed, or it speaks nonsense: either way its jobs are over
        }
        Received& received = std::get<Received>(got);
        if (const auto* begun = std::get_if<Start>(&received.message)) {
            start(client, *begun, received.descriptors);
        } else if (const auto* cancel = std::get_if<Cancel>(&received.message)) {
            for (auto& worker : workers_) {
                if (worker->client == &client && worker->job == cancel->job) {
                    kill(*worker, Cause::Cancelled);
                }
            }
        }
    }
}

void Zygote::hear_supervisor() {
    auto got = receive(supervision_);
    if (const auto* error = std::get_if<ReceiveError>(&got)) {
        if (*error != ReceiveError::Nothing) result_ = kZygoteDone;
        return;
    }
    Received& received = std::get<Received>(got);
    if (std::holds_alternative<Client>(received.message)) {
        clients_.push_back(std::make_unique<Peer>(Peer{std::move(received.descriptors[0])}));
    } else if (std::holds_alternative<Drain>(received.message)) {
        draining_ = true;
    }
}

/// A worker has ended: says so to whoever waits for it.
void Zygote::bury(Worker& worker) {
    int status = 0;
    rusage usage{};
    if (::wait4(worker.pid, &status, WNOHANG, &usage) != worker.pid) return;
    remove_scratch_folder(worker.folder);
    const auto seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    const auto microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    const bool exhausted = seconds >= prepared_.policy.cpu_time.count();
    const Ending ending = classify(status, worker.killed, exhausted);
    unprepared_ = ending.cause == Cause::Unprepared ? unprepared_ + 1 : 0;
    if (unprepared_ >= kUnpreparedInARow) {
        refuse("workers cannot confine themselves: step " + std::to_string(ending.value));
    }
    if (worker.errand == Errand::Canary) {
        if (ending.cause != Cause::Finished) {
            refuse("the canary was not found in the jail (" + std::string(name(ending.cause)) +
                   " " + std::to_string(ending.value) + ")");
        } else if (!ready_) {
            ready_ = true;
            if (!send(supervision_, Ready{Kind::Ready, status_}, {}, false)) result_ = kZygoteDone;
        }
    } else if (worker.busy && worker.client != nullptr) {
        const Ended ended{Kind::Ended,
                          ending.cause,
                          ending.value,
                          static_cast<std::uint32_t>(usage.ru_maxrss),
                          worker.job,
                          static_cast<std::uint64_t>(seconds) * 1'000'000 +
                              static_cast<std::uint64_t>(microseconds)};
        if (!send(worker.client->channel.get(), ended, {}, false)) lose(*worker.client);
    }
    worker.pid = -1;
}

void Zygote::check_time(Clock::time_point now) {
    for (auto& worker : workers_) {
        if (worker->busy && now >= worker->deadline) kill(*worker, Cause::Deadline);
    }
    if (now >= next_canary_ && !draining_) {
        next_canary_ = now + prepared_.policy.canary_interval;
        if (make_worker(Errand::Canary) == nullptr) refuse(problem("clone of the canary"));
    }
}

/// Waits for the next thing and deals with it. False: the zygote ends.
bool Zygote::wait() {
    std::vector<pollfd> watched = {{supervision_, POLLIN, 0}};
    for (const auto& client : clients_) watched.push_back({client->channel.get(), POLLIN, 0});
    Clock::time_point next = next_canary_;
    for (const auto& worker : workers_) {
        watched.push_back({worker->pidfd.get(), POLLIN, 0});
        if (worker->busy && worker->killed == Cause::Finished) {
            next = std::min(next, worker->deadline);
        }
    }
    const bool wants_worker = ready_ && !draining_ && idle() < prepared_.policy.idle_workers &&
                              workers_.size() < prepared_.policy.max_workers;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now()).count() + 1;
    const int patience =
        wants_worker ? 0 : static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    if (::poll(watched.data(), watched.size(), patience) == 0 && wants_worker) refill();

    std::size_t at = 1 + clients_.size();
    for (auto& worker : workers_) {  // the newest, made by refill, is not in `watched`
        if (at < watched.size() && watched[at++].revents != 0) bury(*worker);
    }
    if (watched[0].revents != 0) hear_supervisor();
    at = 1;
    for (auto& client : clients_) {
        if (at < watched.size() && watched[at++].revents != 0) hear(*client);
    }
    check_time(Clock::now());
    workers_.remove_if([](const auto& worker) { return worker->pid < 0; });
    clients_.remove_if([](const auto& client) { return !client->channel; });
    const bool running = std::any_of(workers_.begin(), workers_.end(),
                                     [](const auto& worker) { return worker->busy; });
    if (draining_ && !running) result_ = kZygoteDone;
    return !result_;
}

int Zygote::run() {
    while (wait()) {
    }
    return *result_;
}

}  // namespace

int run_zygote(const Policy& policy, Workload& workload, int supervision, Layers layers,
               const std::string& status) {
    const auto refused = [supervision](const std::string& why) {
        (void)send(supervision, Failed{Kind::Failed, why});
        return kZygoteRefused;
    };
    install_handlers();
    Prepared prepared = prepared_for(policy, std::move(layers));
    if (const Problem failed = confine_zygote(prepared, supervision)) return refused(*failed);
    std::string short_of;
    for (const std::string& each : prepared.layers.short_of(policy.require)) {
        short_of +=
            (short_of.empty() ? "the jail is weaker than jail.require asks for: " : "; ") + each;
    }
    if (!short_of.empty()) return refused(short_of);
    const std::string told = "{\"jail\":" + prepared.layers.json() +
                             ",\"workload\":" + (status.empty() ? "{}" : status) + "}";
    return Zygote(std::move(prepared), workload, supervision, told).run();
}

}  // namespace postern::sandbox
