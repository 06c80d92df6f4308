/// Look-ups per second and CPU time of each, as an asker sees them.
///
///     dns_bench ours|cares SERVER NAMES WINDOW [ANCHOR]
///
/// Asks for h0.example .. hN.example (A), at most WINDOW at once; ours twice, the second time from
/// the cache. Prints one line per round. run.py starts the server.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <semaphore>
#include <string>

#include "gateway/dns/client.hpp"
#include "tests/bench/dns/cares.hpp"

namespace {

using namespace postern;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word != "VmRSS:") continue;
        long kib = 0;
        status >> kib;
        return kib;
    }
    return 0;
}

/// `round` gives the number of answers that were found.
void measure(const std::string& title, int names, const std::function<int()>& round) {
    const double cpu = cpu_seconds();
    const auto start = Clock::now();
    const int found = round();
    const double wall = std::chrono::duration<double>(Clock::now() - start).count();
    std::cout << title << ": " << found << " of " << names << " found, "
              << static_cast<long>(names / wall) << " per second, "
              << (cpu_seconds() - cpu) / names * 1e6 << " us CPU each, " << resident_kib()
              << " KiB resident\n";
}

int ask_all(dns::Client& client, int names, int window) {
    std::counting_semaphore<> places(window);
    std::atomic<int> found{0};
    for (int i = 0; i < names; ++i) {
        places.acquire();
        client.ask({"h" + std::to_string(i) + ".example", dns::RecordType::A},
                   Clock::now() + std::chrono::seconds(5), [&](const dns::Answer& answer) {
                       found += answer.found() ? 1 : 0;
                       places.release();
                   });
    }
    for (int i = 0; i < window; ++i) places.acquire();
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::cerr << "dns_bench ours|cares SERVER NAMES WINDOW [ANCHOR]\n";
        return 64;
    }
    const std::string who = argv[1];
    const int names = std::atoi(argv[3]);
    const int window = std::atoi(argv[4]);
    if (who == "cares") {
        measure("c-ares", names, [&] { return bench::ask_all_with_cares(argv[2], names, window); });
        return 0;
    }
    dns::ClientSettings settings;
    settings.servers = dns::read_servers({argv[2]});
    settings.timeout = std::chrono::seconds(5);
    if (argc > 5) settings.trust_anchor = argv[5];
    dns::Client client(settings);
    measure("ours, not cached", names, [&] { return ask_all(client, names, window); });
    measure("ours, cached", names, [&] { return ask_all(client, names, window); });
    return 0;
}
