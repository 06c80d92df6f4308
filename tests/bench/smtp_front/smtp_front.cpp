/// @file The front under load, on the loopback, with clients of many 127/8 addresses.
///
///     smtp_front idle [IDLE [SLOW]]        20000 idle and 200 slow-loris clients; how soon is a
///     new
///                                          client greeted, and what does each cost
///     smtp_front churn [COUNT [SOURCES]]   50000 short sessions from 5000 addresses, twice
///     smtp_front refused [COUNT]           clients beyond the limit of their address
///
/// The server is net::Server with a dialogue that says yes; the clients live in a child process.
/// Memory is the whole server's (VmRSS); memory of the kernel for sockets is not counted.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "gateway/net/server.hpp"
#include "tests/bench/smtp_front/clients.hpp"
#include "tests/bench/smtp_front/polite.hpp"

namespace {

using namespace postern;
using namespace std::chrono_literals;
using bench::Clients;
using bench::Clock;
using bench::Polite;
using bench::resident_kib;
using bench::Script;

long descriptors() {
    const auto all = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

double cpu_ms() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto ms = [](const timeval& time) {
        return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
    };
    return ms(used.ru_utime) + ms(used.ru_stime);
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(share * last)];
}

const Script kStay{{"EHLO client.example\r\n"}, true};
const Script kLoris{{}, true};
const Script kProbe{{"QUIT\r\n"}, false};
const Script kShort{{"EHLO client.example\r\n", "MAIL FROM:<a@c.example>\r\n",
                     "RCPT TO:<b@ours.example>\r\n", "QUIT\r\n"},
                    false};

/// The two processes take turns over a pair of pipes: a byte each way.
class Turns {
public:
    Turns() {
        if (::pipe(to_child_.data()) != 0 || ::pipe(to_parent_.data()) != 0) bench::die("pipe");
    }
    void child_says() const { say(to_parent_[1]); }
    void child_waits() const { hear(to_child_[0]); }
    void parent_says() const { say(to_child_[1]); }
    void parent_waits() const { hear(to_parent_[0]); }

private:
    static void say(int end) {
        if (::write(end, "x", 1) != 1) bench::die("write");
    }
    static void hear(int end) {
        char byte = 0;
        if (::read(end, &byte, 1) != 1) bench::die("read");
    }
    std::array<int, 2> to_child_{};
    std::array<int, 2> to_parent_{};
};

void open_idle(Clients& clients, unsigned count, unsigned first) {
    constexpr unsigned kPerSource = 50;
    constexpr std::size_t kAtOnce = 256;  // a backlog that overflows would measure the kernel
    for (unsigned i = 0; i < count;) {
        while (i < count && i - clients.settled() < kAtOnce)
            clients.open(kStay, (first + i++) / kPerSource);
        clients.run(10ms);
    }
    while (clients.settled() < count) clients.run(10ms);
}

/// A byte a second each; who is sent away comes again.
class Loris {
public:
    Loris(Clients& clients, unsigned count, unsigned part)
        : clients_(clients), sockets_(count, -1), part_(part) {}
    void step() {
        if (Clock::now() < next_) return;
        next_ = Clock::now() + 1s;
        constexpr unsigned kFirstSource = 4000;
        for (unsigned i = 0; i < sockets_.size(); ++i) {
            if (sockets_[i] >= 0 && clients_.has(sockets_[i])) {
                Clients::send(sockets_[i], "N");
                continue;
            }
            if (sockets_[i] >= 0) ++sent_away;
            sockets_[i] = clients_.open(kLoris, kFirstSource + part_ * 100 + i / 10);
        }
    }
    unsigned sent_away = 0;

private:
    Clients& clients_;
    std::vector<int> sockets_;
    unsigned part_;
    Clock::time_point next_ = Clock::now();
};

/// Holds its part of the crowd until it is killed. Several of them, because a process may have
/// 20,000 descriptors on many systems.
[[noreturn]] void crowd_clients(std::uint16_t port, unsigned part, unsigned idle, unsigned slow,
                                const Turns& turns) {
    Clients crowd(port);
    open_idle(crowd, idle, part * idle);
    Loris loris(crowd, slow, part);
    bool told = false;
    const auto settled = Clock::now() + 3s;
    for (unsigned sent_away = 0;;) {
        loris.step();
        crowd.run(10ms);
        if (!told && Clock::now() > settled) {
            told = true;
            turns.child_says();
        }
        if (loris.sent_away >= sent_away + slow) {
            sent_away = loris.sent_away;
            std::printf("%u slow clients were sent away so far\n", sent_away);
            std::fflush(stdout);
        }
    }
}

void probing_clients(std::uint16_t port, const Turns& turns) {
    turns.child_waits();
    Clients probes(port);
    constexpr unsigned kProbes = 4000;
    constexpr unsigned kFirstSource = 5000;
    for (unsigned i = 0; i < kProbes; ++i) {
        probes.open(kProbe, kFirstSource + i % 500);
        const auto until = Clock::now() + 10ms;
        while (Clock::now() < until) probes.run(1ms);
    }
    std::printf("%zu probes: greeted after p50 %.2f ms, p99 %.2f ms, at most %.2f ms; %u refused\n",
                probes.greeted_after.size(), percentile(probes.greeted_after, 0.5),
                percentile(probes.greeted_after, 0.99), percentile(probes.greeted_after, 1),
                probes.first_words[4]);
    std::fflush(stdout);
    turns.child_says();
}

void churn_clients(std::uint16_t port, unsigned count, unsigned sources, const Script& script,
                   const Turns& turns) {
    for (int round = 0; round < 2; ++round) {
        turns.child_waits();
        Clients clients(port);
        constexpr std::size_t kAtOnce = 200;
        for (unsigned i = 0; i < count || clients.count() > 0;) {
            while (i < count && clients.count() < kAtOnce) clients.open(script, i++ % sources);
            clients.run(10ms);
        }
        std::printf("round %d: %u served, %u refused; greeted after p50 %.2f ms, p99 %.2f ms\n",
                    round + 1, clients.first_words[2], clients.first_words[4],
                    percentile(clients.greeted_after, 0.5),
                    percentile(clients.greeted_after, 0.99));
        std::fflush(stdout);
        turns.child_says();
    }
}

struct Front {
    std::vector<net::Listener> listeners;
    std::uint16_t port = 0;
};

Front listen_on_loopback() {
    Front front;
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    void* raw = &address;
    auto* generic = static_cast<sockaddr*>(raw);
    if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), 4096) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        bench::die("listener");
    }
    front.port = ntohs(address.sin_port);
    front.listeners.emplace_back(std::move(socket));
    return front;
}

std::unique_ptr<net::Server> serve(std::vector<net::Listener> listeners, bool refuse) {
    auto session = std::make_shared<smtp::SessionSettings>();
    session->tls = smtp::TlsPolicy::Offered;
    net::ServerSettings settings;
    settings.max_connections = 30000;
    if (refuse) settings.max_connections_per_client = 0;
    const auto context = net::TlsContext::self_signed("mx.test");
    if (!context) std::_Exit(1);
    auto server = std::make_unique<net::Server>(
        settings, session, *context, std::move(listeners),
        [](const net::ClientFacts&, net::Timer&) { return std::make_unique<Polite>(); });
    server->start();
    return server;
}

void watch_idle(const net::Server& server, const Turns& probe, unsigned idle, unsigned slow) {
    const long rss = resident_kib();
    const double each = static_cast<double>(rss) / static_cast<double>(server.connections());
    std::printf(
        "%zu connections (%u idle, %u slow): server has %ld KiB: %.2f KiB each, %ld "
        "descriptors\n",
        server.connections(), idle, slow, rss, each, descriptors());
    const double cpu = cpu_ms();
    const auto began = Clock::now();
    probe.parent_says();
    probe.parent_waits();
    const std::chrono::duration<double> took = Clock::now() - began;
    std::printf("server's CPU meanwhile: %.0f ms in %.1f s; %zu connections\n", cpu_ms() - cpu,
                took.count(), server.connections());
}

void watch_churn(const net::Server& server, const Turns& turns, unsigned count) {
    for (int round = 0; round < 2; ++round) {
        const double cpu = cpu_ms();
        const auto began = Clock::now();
        turns.parent_says();
        turns.parent_waits();
        while (server.connections() > 0) std::this_thread::sleep_for(10ms);
        const std::chrono::duration<double> took = Clock::now() - began;
        std::printf(
            "server: %.3f ms CPU per connection, %.0f connections/s, then %ld KiB and %ld "
            "descriptors\n",
            (cpu_ms() - cpu) / count, count / took.count(), resident_kib(), descriptors());
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const auto number = [&](int at, unsigned otherwise) {
        return argc > at ? static_cast<unsigned>(std::strtoul(argv[at], nullptr, 10)) : otherwise;
    };
    const bool idle = mode == "idle";
    const bool refused = mode == "refused";
    if (!idle && !refused && mode != "churn") {
        std::puts(
            "usage: smtp_front idle [IDLE [SLOW]] | churn [COUNT [SOURCES]] | refused [COUNT]");
        return 2;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const unsigned count = number(2, idle ? 20000 : 50000);
    const unsigned second = number(3, idle ? 200 : 5000);
    Front front = listen_on_loopback();
    constexpr unsigned kParts = 2;
    std::vector<pid_t> children;
    const auto start = [&](const auto& clients) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            clients();
            std::_Exit(0);
        }
        children.push_back(child);
    };
    std::array<Turns, kParts> crowds;
    const Turns turns;
    for (unsigned part = 0; idle && part < kParts; ++part) {
        start([&] {
            crowd_clients(front.port, part, count / kParts, second / kParts, crowds.at(part));
        });
    }
    start([&] {
        if (idle) probing_clients(front.port, turns);
        if (!idle) churn_clients(front.port, count, second, refused ? kStay : kShort, turns);
    });
    const auto server = serve(std::move(front.listeners), refused);
    std::printf("server alone: %ld KiB, %ld descriptors\n", resident_kib(), descriptors());
    if (idle) {
        for (const Turns& crowd : crowds) crowd.parent_waits();
        watch_idle(*server, turns, count, second);
    } else {
        watch_churn(*server, turns, count);
    }
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    while (server->connections() > 0) std::this_thread::sleep_for(10ms);
    server->stop(0ms);
    std::printf("at the end: %ld KiB, %ld descriptors\n", resident_kib(), descriptors());
    return 0;
}
