/// @file What one worker costs: fork, confine, answer, exit, reap. Prints CPU and wall time per job
/// and, with --steps, nothing more: use perf and strace on it. usage: jail_bench [--jobs N]
/// [--ballast MIB] [--payload touch pages N]

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sandbox/launcher.hpp"

namespace {

using namespace postern::sandbox;
using Clock = std::chrono::steady_clock;

struct Settings {
    std::uint64_t jobs = 1000;
    std::size_t ballast = 0;  ///< MiB that the zygote has touched
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

std::optional<Message> next(int channel) {
    auto got = receive(channel);
    auto* received = std::get_if<Received>(&got);
    return received == nullptr ? std::nullopt : std::optional(std::move(received->message));
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// One job from sending to Ended; the CPU that the zygote counted for its worker, microseconds.
std::uint64_t one(int client, int message, std::uint64_t job) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    Start start;
    start.job = job;
    start.wall_ms = 10'000;
    start.size = 1;
    if (!send(client, start, {message, theirs.get()})) std::abort();
    theirs.reset();
    char answer = 0;
    if (::recv(ours.get(), &answer, 1, 0) != 1) std::abort();
    for (;;) {
        const auto event = next(client);
        if (!event) std::abort();
        if (const auto* ended = std::get_if<Ended>(&*event)) return ended->cpu_us;
    }
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--jobs") settings.jobs = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--ballast") settings.ballast = std::strtoull(argv[i + 1], nullptr, 10);
    }
    auto pair = channel_pair();
    if (!pair) return 1;
    const pid_t launcher = ::fork();
    if (launcher == 0) {
        (*pair)[0].reset();
        Bench bench(settings.ballast);
        ::_exit(run_launcher({}, bench, (*pair)[1].get()));
    }
    (*pair)[1].reset();
    Descriptor supervision = std::move((*pair)[0]);
    const auto ready = next(supervision.get());
    if (!ready || !std::holds_alternative<Ready>(*ready)) return 1;
    std::printf("%s\n", std::get<Ready>(*ready).text.c_str());
    auto channel = channel_pair();
    if (!channel || !send(supervision.get(), Client{}, {(*channel)[1].get()})) return 1;
    (*channel)[1].reset();
    const Descriptor client = std::move((*channel)[0]);
    const Descriptor message(::memfd_create("message", MFD_CLOEXEC));
    if (::write(message.get(), "x", 1) != 1) return 1;

    std::vector<double> wall;
    std::uint64_t workers_us = 0;
    for (std::uint64_t job = 0; job < settings.jobs; ++job) {
        const auto begin = Clock::now();
        workers_us += one(client.get(), message.get(), job);
        wall.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    }
    supervision.reset();
    rusage usage{};
    int status = 0;
    if (::wait4(launcher, &status, 0, &usage) != launcher) return 1;
    const auto jobs = static_cast<double>(settings.jobs);
    const double all = (seconds(usage.ru_utime) + seconds(usage.ru_stime)) * 1e3;
    std::sort(wall.begin(), wall.end());
    std::printf("jobs %llu  CPU ms per job: all %.3f, worker alone %.3f  wall ms: median %.3f p99 %.3f\n",
                static_cast<unsigned long long>(settings.jobs), all / jobs,
                static_cast<double>(workers_us) / 1e3 / jobs, wall[wall.size() / 2],
                wall[wall.size() * 99 / 100]);
    std::printf("user %.3f system %.3f minor faults %.1f per job\n", seconds(usage.ru_utime) * 1e3 / jobs,
                seconds(usage.ru_stime) * 1e3 / jobs, static_cast<double>(usage.ru_minflt) / jobs);
    return 0;
}
