/// @file What an idle connection costs: opens many to one server and reads the server's resident
/// memory.
///
///     idle_connections [COUNT] [tls]
///
/// The clients live in a child process, so that neither side runs out of descriptors. Kernel memory
/// for sockets is not counted. Prints one line.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/net/server.hpp"
#include "tests/bench/smtp_front/polite.hpp"

namespace {

using namespace postern;
using namespace std::chrono_literals;
using bench::Polite;
using bench::resident_kib;

int connect_to(std::uint16_t port, int number) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    // One address has fewer ports than we need.
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<unsigned>(number / 10000));
    const void* raw = &address;
    if (::connect(socket, static_cast<const sockaddr*>(raw), sizeof address) != 0) {
        std::perror("connect");
        std::_Exit(1);
    }
    return socket;
}

void expect(int socket, const char* command) {
    char buffer[512];
    if (command != nullptr)
        (void)::send(socket, command, std::char_traits<char>::length(command), 0);
    if (::recv(socket, buffer, sizeof buffer, 0) <= 0) std::_Exit(1);
}

/// Child: opens all, says EHLO on each, and waits to be killed.
[[noreturn]] void run_clients(std::uint16_t port, int count, bool tls, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    for (int i = 0; i < count; ++i) {
        const int socket = connect_to(port, i);
        expect(socket, nullptr);
        expect(socket, "EHLO client.example\r\n");
        if (!tls) continue;
        expect(socket, "STARTTLS\r\n");
        SSL* session = SSL_new(context);
        SSL_set_fd(session, socket);
        if (SSL_connect(session) != 1) std::_Exit(1);
    }
    if (::write(ready, "x", 1) != 1) std::_Exit(1);
    for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::atoi(argv[1]) : 10000;
    const bool tls = argc > 2 && std::string(argv[2]) == "tls";
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    std::vector<net::Listener> listeners;
    listeners.emplace_back(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    void* raw = &address;
    auto* generic = static_cast<sockaddr*>(raw);
    int pipe[2];
    if (::bind(listeners[0].socket.get(), generic, size) != 0 ||
        ::listen(listeners[0].socket.get(), 1024) != 0 ||
        ::getsockname(listeners[0].socket.get(), generic, &size) != 0 || ::pipe(pipe) != 0) {
        std::perror("listener");
        return 1;
    }
    const pid_t child = ::fork();
    if (child == 0) run_clients(ntohs(address.sin_port), count, tls, pipe[1]);
    ::close(pipe[1]);

    auto session = std::make_shared<smtp::SessionSettings>();
    session->tls = smtp::TlsPolicy::Offered;
    net::ServerSettings settings;
    settings.max_connections = static_cast<std::uint32_t>(count) + 10;
    settings.max_connections_per_client = settings.max_connections;
    const auto context = net::TlsContext::self_signed("mx.test");
    if (!context) return 1;
    net::Server server(
        settings, session, *context, std::move(listeners),
        [](const net::ClientFacts&, net::Timer&) { return std::make_unique<Polite>(); });
    const long before = resident_kib();
    const auto began = std::chrono::steady_clock::now();
    server.start();
    char byte = 0;
    if (::read(pipe[0], &byte, 1) != 1) return 1;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const long grown = resident_kib() - before;
    std::printf("%d idle connections%s: %ld KiB, %.0f bytes each, opened in %.2f s\n", count,
                tls ? " with TLS" : "", grown, 1024.0 * static_cast<double>(grown) / count,
                took.count());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    server.stop(0ms);
    return 0;
}
