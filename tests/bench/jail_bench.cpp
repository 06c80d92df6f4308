/// @file What one worker costs: fork, confine, answer, exit, reap. A workload that does next to
/// nothing in a launcher with ballast. Prints CPU and wall time per job; perf and strace go on top
/// of it. usage: jail_bench [--jobs N] [--ballast MIB] [--flight N] [--idle N]

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "sandbox/launcher.hpp"

namespace {

using namespace postern::sandbox;
using Clock = std::chrono::steady_clock;

struct Settings {
    std::uint64_t jobs = 2000;
    std::size_t ballast = 0;  ///< MiB that the launcher has touched
    std::size_t flight = 4;   ///< jobs at once
    std::uint32_t idle = 4;   ///< workers kept ready
};

class Bench final : public Workload {
public:
    explicit Bench(std::size_t ballast) : ballast_(ballast) {}
    Prepared prepare() override {
        memory_.assign(ballast_ << 20U, 'x');
        return {};
    }
    int prove() override { return 0; }
    int work(const Job& job) override {
        char one = 'x';
        return ::pread(job.message, &one, 1, 0) == 1 && ::write(job.report, &one, 1) == 1 ? 0 : 1;
    }

private:
    std::size_t ballast_;
    std::vector<char> memory_;
};

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

std::optional<Message> next(int channel) {
    auto got = receive(channel);
    auto* received = std::get_if<Received>(&got);
    return received == nullptr ? std::nullopt : std::optional(std::move(received->message));
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Jiffies of the whole machine that nobody spent idle: also what the kernel's own threads do to
/// take namespaces apart. Only of use on a machine that has nothing else to do.
double busy_seconds() {
    std::ifstream file("/proc/stat");
    std::string word;
    double user = 0;
    double nice = 0;
    double system = 0;
    double idle = 0;
    double waiting = 0;
    double interrupts = 0;
    double soft = 0;
    file >> word >> user >> nice >> system >> idle >> waiting >> interrupts >> soft;
    return (user + nice + system + interrupts + soft) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Spent {
    double seconds = 0;
    double faults = 0;
};

/// What a process has used so far, without its children: a launcher's loading, to be left out.
Spent spent_by(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string word;
    for (int field = 1; field <= 9; ++field) file >> word;  // proc(5)
    Spent spent;
    double user = 0;
    double system = 0;
    file >> spent.faults >> word >> word >> word >> user >> system;
    spent.seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return spent;
}

/// Sends all jobs, so many at a time, and collects their ends.
class Run {
public:
    Run(int client, int message) : client_(client), message_(message) {}

    void all(const Settings& settings) {
        std::uint64_t job = 0;
        while (done_ < settings.jobs) {
            while (flying_.size() < settings.flight && job < settings.jobs) start(job++);
            const auto event = next(client_);
            if (!event) give_up("the jail has gone");
            if (const auto* ended = std::get_if<Ended>(&*event)) finish(*ended);
            if (std::holds_alternative<Refused>(*event)) give_up("refused");
        }
    }

    std::vector<double> wall;  ///< milliseconds, from Start to Ended
    std::uint64_t workers_us = 0;

private:
    struct Flight {
        Clock::time_point begin;
        Descriptor report;
    };

    void start(std::uint64_t job) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            give_up("socketpair");
        }
        const Descriptor theirs(ends[1]);
        Start start;
        start.job = job;
        start.wall_ms = 10'000;
        start.size = 1;
        flying_[job] = {Clock::now(), Descriptor(ends[0])};
        if (!send(client_, start, {message_, theirs.get()})) give_up("send");
    }

    void finish(const Ended& ended) {
        Flight& flight = flying_.at(ended.job);
        char answer = 0;
        if (ended.cause != Cause::Finished || ::recv(flight.report.get(), &answer, 1, 0) != 1) {
            give_up("a job failed");
        }
        wall.push_back(
            std::chrono::duration<double, std::milli>(Clock::now() - flight.begin).count());
        workers_us += ended.cpu_us;
        flying_.erase(ended.job);
        ++done_;
    }

    int client_;
    int message_;
    std::map<std::uint64_t, Flight> flying_;
    std::uint64_t done_ = 0;
};

Settings settings_from(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--jobs") settings.jobs = value;
        if (name == "--ballast") settings.ballast = value;
        if (name == "--flight") settings.flight = value;
        if (name == "--idle") settings.idle = static_cast<std::uint32_t>(value);
    }
    return settings;
}

void print(const Settings& settings, const Run& run, const rusage& usage, const Spent& loading,
           double wall, double busy) {
    const auto jobs = static_cast<double>(settings.jobs);
    std::vector<double> sorted = run.wall;
    std::sort(sorted.begin(), sorted.end());
    std::printf("%llu jobs, %zu at once, ballast %zu MiB\n",
                static_cast<unsigned long long>(settings.jobs), settings.flight, settings.ballast);
    const double all = seconds(usage.ru_utime) + seconds(usage.ru_stime) - loading.seconds;
    std::printf("CPU ms per job: zygote and workers %.3f, worker alone %.3f\n", all * 1e3 / jobs,
                static_cast<double>(run.workers_us) / 1e3 / jobs);
    std::printf("faults per job %.1f; whole machine busy %.3f ms per job\n",
                (static_cast<double>(usage.ru_minflt) - loading.faults) / jobs, busy * 1e3 / jobs);
    std::printf("wall ms: %.3f per job, latency median %.3f, p99 %.3f\n", wall * 1e3 / jobs,
                sorted[sorted.size() / 2], sorted[sorted.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    const Settings settings = settings_from(argc, argv);
    auto pair = channel_pair();
    if (!pair) give_up("socketpair");
    const pid_t launcher = ::fork();
    if (launcher == 0) {
        (*pair)[0].reset();
        Bench bench(settings.ballast);
        Policy policy;
        policy.idle_workers = settings.idle;
        ::_exit(run_launcher(policy, bench, (*pair)[1].get()));
    }
    (*pair)[1].reset();
    Descriptor supervision = std::move((*pair)[0]);
    const auto ready = next(supervision.get());
    if (!ready || !std::holds_alternative<Ready>(*ready)) give_up("the jail does not serve");
    std::printf("%s\n", std::get<Ready>(*ready).text.c_str());
    auto channel = channel_pair();
    if (!channel || !send(supervision.get(), Client{}, {(*channel)[1].get()})) give_up("client");
    (*channel)[1].reset();
    const Descriptor client = std::move((*channel)[0]);
    const Descriptor message(::memfd_create("message", MFD_CLOEXEC));
    if (::write(message.get(), "x", 1) != 1) give_up("write");

    Run run(client.get(), message.get());
    const Spent loading = spent_by(launcher);
    const double busy = busy_seconds();
    const auto begin = Clock::now();
    run.all(settings);
    const double wall = std::chrono::duration<double>(Clock::now() - begin).count();
    const double busy_after = busy_seconds();
    supervision.reset();
    rusage usage{};
    int status = 0;
    if (::wait4(launcher, &status, 0, &usage) != launcher) give_up("wait4");
    print(settings, run, usage, loading, wall, busy_after - busy);
    return 0;
}
