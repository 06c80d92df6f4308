#include "gateway/cli/supervisor/listeners.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace postern::cli {
namespace {

constexpr int kBacklog = 4096;

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Outcome<UniqueFd, std::string> listen_on(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    std::string host = endpoint.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error =
        ::getaddrinfo(host.c_str(), endpoint.substr(colon + 1).c_str(), &hints, &found);
    if (error != 0) {
        return Failure{endpoint + " is no address to listen on: " + ::gai_strerror(error)};
    }
    const std::unique_ptr<addrinfo, FreeAddresses> address(found);
    UniqueFd listener(
        ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    const int on = 1;
    if (!listener || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener.get(), address->ai_addr, address->ai_addrlen) != 0 ||
        ::listen(listener.get(), kBacklog) != 0) {
        return Failure{"cannot listen on " + endpoint + ": " + std::strerror(errno)};
    }
    return listener;
}

std::string bound_endpoint(int listener) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the sockets interface is
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::getsockname(listener, generic, &size) != 0 ||
        ::getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    const std::string name = host.data();
    const bool v6 = name.find(':') != std::string::npos;
    return (v6 ? "[" + name + "]" : name) + ":" + port.data();
}

}  // namespace postern::cli
