#include "gateway/observe/metrics_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace postern::observe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kPlainType = "text/plain; charset=utf-8";

std::string response(std::string_view status, std::string_view type, std::string_view body,
                     bool with_body = true) {
    std::string text = "HTTP/1.1 ";
    text += status;
    text += "\r\nContent-Type: ";
    text += type;
    text += "\r\nContent-Length: " + std::to_string(body.size());
    text += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
    if (status.starts_with("405")) text += "\r\nAllow: GET, HEAD";
    text += "\r\nConnection: close\r\n\r\n";
    if (with_body) text += body;
    return text;
}

/// One request and its answer.
struct Visit {
    UniqueFd descriptor;
    Clock::time_point deadline;
    std::string request;
    std::string answer;  ///< not empty: the request is read
    bool over = false;
};

class Server {
public:
    Server(int listener, int stop, const Registry& registry, std::function<Health()> health,
           MetricsServerSettings settings)
        : listener_(listener),
          stop_(stop),
          registry_(registry),
          health_(std::move(health)),
          settings_(settings) {}

    void run() {
        while (serve_round()) {
        }
    }

private:
    bool serve_round() {
        std::vector<pollfd> watched{{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
        Clock::time_point next = Clock::now() + std::chrono::minutes(1);
        for (const Visit& visit : visits_) {
            const short events = visit.answer.empty() ? POLLIN : POLLOUT;
            watched.push_back({visit.descriptor.get(), events, 0});
            next = std::min(next, visit.deadline);
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        const int patience = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        const int ready = ::poll(watched.data(), watched.size(), patience);
        if (ready < 0 && errno != EINTR) return false;
        if (ready > 0) {
            if (watched[0].revents != 0) return false;
            for (std::size_t i = 0; i < visits_.size(); ++i) {
                if (watched[i + 2].revents != 0) advance(visits_[i]);
            }
            if (watched[1].revents != 0) accept_one();
        }
        const Clock::time_point now = Clock::now();
        std::erase_if(visits_, [&](const Visit& v) { return v.over || v.deadline <= now; });
        return true;
    }

    void accept_one() {
        UniqueFd peer(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!peer || visits_.size() >= settings_.max_connections) return;
        visits_.push_back({std::move(peer), Clock::now() + settings_.timeout, {}, {}, false});
    }

    void advance(Visit& visit) {
        if (visit.answer.empty()) {
            read(visit);
        } else {
            write(visit);
        }
    }

    void read(Visit& visit) {
        std::array<char, 2048> buffer{};
        const ssize_t got = ::recv(visit.descriptor.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            visit.over = true;
            return;
        }
        visit.request.append(buffer.data(), static_cast<std::size_t>(got));
        const std::size_t end = visit.request.find("\r\n\r\n");
        if (std::min(end, visit.request.size()) > settings_.max_request) {
            visit.answer =
                response("431 Request Header Fields Too Large", kPlainType, "too large\n");
        } else if (end != std::string::npos) {
            visit.answer = answer(std::string_view(visit.request).substr(0, end));
        }
        if (!visit.answer.empty()) write(visit);
    }

    void write(Visit& visit) {
        const ssize_t sent =
            ::send(visit.descriptor.get(), visit.answer.data(), visit.answer.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (sent < 0) {
            visit.over = true;
            return;
        }
        visit.answer.erase(0, static_cast<std::size_t>(sent));
        visit.over = visit.answer.empty();
    }

    [[nodiscard]] std::string answer(std::string_view request) const {
        const std::string_view line = request.substr(0, request.find("\r\n"));
        const std::size_t first = line.find(' ');
        const std::size_t last = line.rfind(' ');
        if (first == line.npos || last <= first || !line.substr(last + 1).starts_with("HTTP/1.")) {
            return response("400 Bad Request", kPlainType, "bad request\n");
        }
        const std::string_view method = line.substr(0, first);
        std::string_view path = line.substr(first + 1, last - first - 1);
        path = path.substr(0, path.find('?'));
        if (method != "GET" && method != "HEAD") {
            return response("405 Method Not Allowed", kPlainType, "GET only\n");
        }
        const bool body = method == "GET";
        if (path == "/metrics") return response("200 OK", kMetricsType, registry_.text(), body);
        if (path == "/healthz") {
            const Health health = health_ ? health_() : Health{};
            return response(health.well ? "200 OK" : "503 Service Unavailable", kPlainType,
                            health.text, body);
        }
        return response("404 Not Found", kPlainType, "not found\n", body);
    }

    int listener_;
    int stop_;
    const Registry& registry_;
    std::function<Health()> health_;
    MetricsServerSettings settings_;
    std::vector<Visit> visits_;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

template <class Address>
SocketAddress pack(const Address& address) {
    SocketAddress packed;
    std::memcpy(&packed.storage, &address, sizeof(address));
    packed.size = sizeof(address);
    return packed;
}

std::optional<SocketAddress> parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    const std::string host = text.substr(0, colon);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return pack(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed &&
        inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) == 1) {
        return pack(v6);
    }
    return std::nullopt;
}

}  // namespace

Outcome<UniqueFd, std::string> listen_on(const std::string& text) {
    const auto address = parse_address(text);
    if (!address) return Failure{text + " is not ADDRESS:PORT"};
    UniqueFd listener(
        ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    const void* generic = &address->storage;
    if (!listener || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        ::bind(listener.get(), static_cast<const sockaddr*>(generic), address->size) != 0 ||
        ::listen(listener.get(), 64) != 0) {
        return Failure{"cannot listen on " + text + ": " + std::generic_category().message(errno)};
    }
    return listener;
}

std::uint16_t local_port(int descriptor) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    void* generic = &storage;
    if (::getsockname(descriptor, static_cast<sockaddr*>(generic), &size) != 0) return 0;
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof(v4));
        return ntohs(v4.sin_port);
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof(v6));
        return ntohs(v6.sin6_port);
    }
    return 0;
}

MetricsServer::MetricsServer(UniqueFd listener, const Registry& registry,
                             std::function<Health()> health, MetricsServerSettings settings)
    : listener_(std::move(listener)), stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!stop_) throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ =
        std::thread([server = Server(listener_.get(), stop_.get(), registry, std::move(health),
                                     settings)]() mutable { server.run(); });
}

MetricsServer::~MetricsServer() {
    // The counter of an eventfd cannot be full after one write.
    [[maybe_unused]] const int written = ::eventfd_write(stop_.get(), 1);
    thread_.join();
}

}  // namespace postern::observe
