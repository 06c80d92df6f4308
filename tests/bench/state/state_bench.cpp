/// @file How many calls a second a state takes. Usage: state_bench URL [SECONDS]. One line for each
/// call and number of threads. Uses keys of its own, which end within the hour.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/state/greylist.hpp"
#include "gateway/state/open_state.hpp"
#include "gateway/state/rates.hpp"

namespace {

using namespace postern;
using state::State;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::hours kLife{1};
constexpr std::int64_t kNow = 1'700'000'000;

struct Operation {
    const char* name;
    bool (*run)(State& state, std::uint64_t number);
};

mail::IpAddress client(std::uint64_t number) {
    mail::IpAddress::Bytes bytes{0x20, 0x01, 0x0d, 0xb8};
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[4 + i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
    }
    return mail::IpAddress::from_bytes(bytes);
}

const Operation kOperations[] = {
    {"put, new key",
     [](State& s, std::uint64_t n) {
         return s.put("bench:" + std::to_string(n), "value", kLife).has_value();
     }},
    {"get",
     [](State& s, std::uint64_t n) { return s.get("bench:" + std::to_string(n)).has_value(); }},
    {"add, 1000 counters",
     [](State& s, std::uint64_t n) {
         return s.add("count:" + std::to_string(n % 1000), 1, kLife).has_value();
     }},
    {"rate of a client (4 counters)",
     [](State& s, std::uint64_t n) {
         return state::Rates(s, {}).count(state::Event::Connection, client(n), kNow).has_value();
     }},
    {"greylist, first try",
     [](State& s, std::uint64_t n) {
         const state::GreylistQuestion question{
             client(n), std::nullopt, std::nullopt,
             *mail::Mailbox::parse(std::to_string(n) + "@d.example")};
         return state::Greylist(s, {}).ask(question, kNow).has_value();
     }},
};

void measure(State& state, const Operation& operation, unsigned threads, double seconds) {
    std::atomic<std::uint64_t> failures{0};
    std::vector<std::vector<double>> times(threads);
    const auto start = Steady::now();
    const auto end = start + std::chrono::duration_cast<Steady::duration>(
                                 std::chrono::duration<double>(seconds));
    {
        std::vector<std::jthread> pool;
        for (unsigned t = 0; t < threads; ++t) {
            pool.emplace_back([&, t] {
                for (std::uint64_t n = t; Steady::now() < end; n += threads) {
                    const auto before = Steady::now();
                    if (!operation.run(state, n)) ++failures;
                    times[t].push_back(
                        std::chrono::duration<double, std::micro>(Steady::now() - before).count());
                }
            });
        }
    }
    const double took = std::chrono::duration<double>(Steady::now() - start).count();
    std::vector<double> all;
    for (const auto& each : times) all.insert(all.end(), each.begin(), each.end());
    std::sort(all.begin(), all.end());
    const auto at = [&](double part) {
        return all.empty()
                   ? 0
                   : all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    };
    std::printf(
        "%-30s %2u threads %9.0f/s  p50 %7.0f us  p99 %7.0f us  max %8.0f us  failed %llu\n",
        operation.name, threads, static_cast<double>(all.size()) / took, at(0.5), at(0.99), at(1),
        static_cast<unsigned long long>(failures.load()));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: state_bench URL [SECONDS]\n");
        return 2;
    }
    const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
    const auto opened = state::open_store(argv[1], {}, [](const state::Alarm& alarm) {
        std::fprintf(stderr, "%s\n", alarm.detail.c_str());
    });
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
        return 1;
    }
    for (const Operation& operation : kOperations) {
        for (const unsigned threads : {1U, 16U}) measure(**opened, operation, threads, seconds);
    }
    const state::Figures figures = (*opened)->figures();
    std::printf("entries %llu, bytes %llu\n",
                static_cast<unsigned long long>(figures.entries.value_or(0)),
                static_cast<unsigned long long>(figures.bytes.value_or(0)));
}
