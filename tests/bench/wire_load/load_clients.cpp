/// @file Crowds of SMTP clients against a gateway that runs already. run.py beside it starts both.
///
///     load_clients crowd PORT IDLE SLOW PART           holds them, tells when they are there
///     load_clients probe PORT COUNT FIRST SOURCES      50 new ones a second: time to the banner
///     load_clients churn PORT COUNT SOURCES            short sessions: who heard what
///
/// A crowd stays until it is killed. What the sources of each tenth number hear is told apart.
/// Source n is 127.(10 + n/1280).(n/5 mod 256).(1 + n mod 5).

#include <algorithm>
#include <cstring>
#include <map>

#include "tests/bench/smtp_front/clients.hpp"

namespace {

using namespace std::chrono_literals;
using postern::bench::Clients;
using postern::bench::Clock;
using postern::bench::Script;

const Script kStay{{"EHLO client.example\r\n"}, true};
const Script kLoris{{}, true};
const Script kProbe{{"QUIT\r\n"}, false};
const Script kShort{{"EHLO client.example\r\n", "MAIL FROM:<a@sender.example>\r\n",
                     "RCPT TO:<b@other.example>\r\n", "QUIT\r\n"},
                    false};

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print_times(const Clients& clients) {
    std::printf(
        "\"greeted\": %zu, \"refused\": %u, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"most_ms\": %.2f",
        clients.greeted_after.size(), clients.first_words[4] + clients.first_words[5],
        percentile(clients.greeted_after, 0.5), percentile(clients.greeted_after, 0.99),
        percentile(clients.greeted_after, 1));
}

/// A byte a second each once greeted; who is sent away comes again.
class Slow {
public:
    Slow(Clients& clients, unsigned count, unsigned part)
        : clients_(clients), sockets_(count, -1), part_(part) {}
    void step() {
        if (Clock::now() < next_) return;
        next_ = Clock::now() + 1s;
        constexpr unsigned kFirst = 4000;
        for (unsigned i = 0; i < sockets_.size(); ++i) {
            const int socket = sockets_[i];
            if (socket >= 0 && clients_.has(socket)) {
                if (clients_.at(socket).greeted) Clients::send(socket, "N");
                continue;
            }
            if (socket >= 0) ++sent_away;
            sockets_[i] = clients_.open(kLoris, kFirst + part_ * 100 + i / 5);
        }
    }
    unsigned sent_away = 0;

private:
    Clients& clients_;
    std::vector<int> sockets_;
    unsigned part_;
    Clock::time_point next_ = Clock::now();
};

[[noreturn]] void crowd(std::uint16_t port, unsigned idle, unsigned slow, unsigned part) {
    Clients clients(port);
    constexpr unsigned kPerSource = 20;  // five to a /24: below the rate of a network
    constexpr std::size_t kAtOnce = 1500;
    unsigned lost = 0;
    const auto lose = [&](int) { ++lost; };
    clients.ended = lose;
    for (unsigned i = 0; i < idle;) {
        for (int burst = 0; burst < 100 && i < idle && i - clients.settled() - lost < kAtOnce;
             ++burst) {
            clients.open(kStay, (part * idle + i++) / kPerSource);
        }
        clients.run(10ms);
    }
    while (clients.settled() + lost < idle) clients.run(10ms);
    std::printf("{\"settled\": %zu, \"lost\": %u}\n", clients.settled(), lost);
    std::fflush(stdout);
    Slow slow_ones(clients, slow, part);
    for (unsigned told = 0;;) {
        slow_ones.step();
        clients.run(10ms);
        if (slow_ones.sent_away >= told + slow) {
            told = slow_ones.sent_away;
            std::printf("{\"slow_sent_away\": %u, \"open\": %zu, \"lost\": %u}\n", told,
                        clients.count(), lost);
            std::fflush(stdout);
        }
    }
}

void probe(std::uint16_t port, unsigned count, unsigned first, unsigned sources) {
    Clients clients(port);
    for (unsigned i = 0; i < count || clients.count() > 0; ++i) {
        if (i < count) clients.open(kProbe, first + i % sources);
        const auto until = Clock::now() + 20ms;
        while (Clock::now() < until) clients.run(1ms);
    }
    std::printf("{");
    print_times(clients);
    std::printf("}\n");
}

void churn(std::uint16_t port, unsigned count, unsigned sources) {
    Clients clients(port);
    std::map<std::string, unsigned> heard;
    clients.heard = [&](const Clients::Client& client) {
        const bool banner = client.step == 0;
        const bool recipient = client.step == 3;
        if (!banner && !recipient) return;
        ++heard[std::string(client.source % 10 == 0 ? "listed " : "other ") +
                (banner ? "banner " : "rcpt ") + client.reply.substr(0, 3)];
    };
    constexpr std::size_t kAtOnce = 400;
    const auto began = Clock::now();
    for (unsigned i = 0; i < count || clients.count() > 0;) {
        while (i < count && clients.count() < kAtOnce) clients.open(kShort, i++ % sources);
        clients.run(10ms);
    }
    const std::chrono::duration<double> took = Clock::now() - began;
    std::printf("{\"seconds\": %.1f, ", took.count());
    print_times(clients);
    for (const auto& [what, number] : heard) std::printf(", \"%s\": %u", what.c_str(), number);
    std::printf("}\n");
}

unsigned number(const char* text) {
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 5) {
        std::fprintf(stderr, "load_clients crowd|probe|churn PORT COUNT ...\n");
        return 2;
    }
    const std::string mode = arguments[1];
    const auto port = static_cast<std::uint16_t>(number(arguments[2]));
    const unsigned third = number(arguments[3]);
    const unsigned fourth = number(arguments[4]);
    const unsigned fifth = count > 5 ? number(arguments[5]) : 0;
    if (mode == "crowd") crowd(port, third, fourth, fifth);
    if (mode == "probe") probe(port, third, fourth, std::max(1U, fifth));
    if (mode == "churn") churn(port, third, fourth);
    return 0;
}
