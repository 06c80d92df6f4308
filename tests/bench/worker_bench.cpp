/// @file What a message costs in the jail: a real postern-analyzer with signatures and rules, a
/// real worker for each file. Prints CPU milliseconds per message, split into the workers' and the
/// zygote's own, and page faults of the workers. perf goes on top of it.
///
/// usage: worker_bench POSTERN_ANALYZER CLAMAV_FOLDER YARA_FILE REPEATS FILE...

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "analyzers/host/analyzer_settings.hpp"
#include "analyzers/host/door.hpp"
#include "analyzers/host/generation.hpp"
#include "analyzers/host/sealed_message.hpp"

namespace {

using namespace postern;

constexpr unsigned kFlight = 4;  // messages at once

/// Ticks and faults of a process and of its children that have ended: /proc/PID/stat.
struct Usage {
    double own = 0;      ///< ms
    double workers = 0;  ///< ms in user mode
    double kernel = 0;   ///< ms of the workers in the kernel
    double faults = 0;   ///< of the workers
};

Usage usage_of(pid_t process) {
    std::ostringstream text;
    text << std::ifstream("/proc/" + std::to_string(process) + "/stat").rdbuf();
    std::istringstream fields(text.str().substr(text.str().rfind(')') + 1));
    const std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
    const auto value = [&](std::size_t at) { return std::stod(field.at(at)); };
    const double tick = 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {(value(11) + value(12)) * tick, value(13) * tick, value(14) * tick, value(8)};
}

/// The launcher's only child.
pid_t zygote_of(pid_t launcher) {
    const std::string name = std::to_string(launcher);
    std::ifstream children("/proc/" + name + "/task/" + name + "/children");
    pid_t zygote = -1;
    children >> zygote;
    return zygote;
}

std::string content_of(const char* path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

[[noreturn]] void give_up(const std::string& why) {
    std::cerr << why << '\n';
    std::_Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        std::cerr
            << "usage: worker_bench POSTERN_ANALYZER CLAMAV_FOLDER YARA_FILE REPEATS FILE...\n";
        return 2;
    }
    host::AnalyzerSettings settings;
    settings.clamav = argv[2];
    settings.yara = {argv[3]};
    auto started = host::Generation::start(argv[1], settings);
    if (!started) give_up(started.error());
    host::Generation& generation = **started;
    if (const auto ready = generation.wait_ready(std::chrono::seconds(60)); !ready) {
        give_up(ready.error());
    }
    host::Door door;
    door.set_channel(*generation.connect());
    std::vector<std::string> messages;
    for (int i = 5; i < argc; ++i) messages.push_back(content_of(argv[i]));
    const std::size_t total = messages.size() * std::stoul(argv[4]);
    const pid_t zygote = zygote_of(generation.process());
    std::cerr << "zygote " << zygote << '\n';
    const Usage before = usage_of(zygote);
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> incomplete{0};
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < kFlight; ++i) {
        clients.emplace_back([&] {
            for (std::size_t at = next++; at < total; at = next++) {
                const std::string& bytes = messages[at % messages.size()];
                const auto sealed = host::sealed_message(bytes);
                if (!sealed) give_up("no memory file");
                const auto report =
                    door.analyze(sealed->get(), bytes.size(), host::MessageKind::Message, {},
                                 host::Door::Clock::now() + std::chrono::seconds(30));
                if (!report) give_up("no report");
                if (!report->complete()) ++incomplete;
            }
        });
    }
    for (std::thread& client : clients) client.join();
    const Usage after = usage_of(zygote);
    const auto count = static_cast<double>(total);
    const double user = (after.workers - before.workers) / count;
    const double kernel = (after.kernel - before.kernel) / count;
    const double own = (after.own - before.own) / count;
    std::cout << user + kernel + own << " ms per message: worker " << user << " user, " << kernel
              << " kernel; zygote " << own << "; faults " << (after.faults - before.faults) / count
              << "; " << incomplete << " of " << total << " incomplete\n";
    return 0;
}
