/// @file Writes to a state as fast as it can until it is killed, and says what was acknowledged.
/// Usage: state_writer URL ROUND. One line for each acknowledged step: "THREAD STEP".

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "gateway/state/greylist.hpp"
#include "gateway/state/open_state.hpp"

namespace {

using namespace postern;
using std::chrono::hours;

constexpr int kThreads = 3;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "state_writer: %s\n", why.c_str());
    ::_exit(1);
}

void write_for_ever(state::State& store, const std::string& round, int thread) {
    const std::string mine = round + ':' + std::to_string(thread) + ':';
    const state::Greylist greylist(store, {});
    for (int step = 0;; ++step) {
        const std::string name = mine + std::to_string(step);
        const state::GreylistQuestion question{
            *mail::IpAddress::parse("192.0.2.7"), std::nullopt, std::nullopt,
            *mail::Mailbox::parse("u" + std::to_string(thread) + '-' + std::to_string(step) + "-r" +
                                  round + "@d.example")};
        const auto put = store.put("seen:" + name, name, hours(1));
        const auto first = store.put_if_absent("once:" + name, name, hours(1));
        const auto sum = store.add("n:all", 1, hours(1));
        const auto grey = greylist.ask(question, 1'700'000'000);
        if (!put || !first || !sum || !grey) give_up("a step failed");
        const std::string line = std::to_string(thread) + ' ' + std::to_string(step) + '\n';
        if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) give_up("nobody listens");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) give_up("URL and ROUND are expected");
    const auto opened = state::open_store(argv[1], {}, [](const state::Alarm& alarm) {
        give_up(alarm.detail);  // nothing may be found damaged
    });
    if (!opened) give_up(opened.error().detail);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] { write_for_ever(**opened, argv[2], t); });
    }
}
