#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>

#include "web/server/server.hpp"

namespace postern::web {
namespace {

struct Endpoint {
    sockaddr_storage address = {};
    socklen_t size = 0;
};

template <class Address>
Endpoint endpoint_of(const Address& address) {
    Endpoint endpoint;
    endpoint.size = sizeof(Address);
    std::memcpy(&endpoint.address, &address, sizeof(Address));
    return endpoint;
}

const sockaddr* generic(const sockaddr_storage& address) {
    const void* any = &address;
    return static_cast<const sockaddr*>(any);
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc{} || stop != end) return std::nullopt;
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        sockaddr_in6 six = {};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) != 1) return std::nullopt;
        return endpoint_of(six);
    }
    sockaddr_in four = {};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) != 1) return std::nullopt;
    return endpoint_of(four);
}

}  // namespace

Outcome<UniqueFd, std::string> listen_on(const std::string& endpoint) {
    const auto parsed = parse_endpoint(endpoint);
    if (!parsed) return Failure{"listen: \"" + endpoint + "\" is not address:port"};
    UniqueFd socket(::socket(parsed->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(socket.get(), generic(parsed->address), parsed->size) != 0 ||
        ::listen(socket.get(), 128) != 0) {
        return Failure{"listen: " + endpoint + ": " + std::generic_category().message(errno)};
    }
    return socket;
}

std::string local_endpoint(int listener) {
    sockaddr_storage address = {};
    socklen_t size = sizeof address;
    void* any = &address;
    if (::getsockname(listener, static_cast<sockaddr*>(any), &size) != 0) return {};
    std::array<char, INET6_ADDRSTRLEN> text = {};
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 six = {};
        std::memcpy(&six, &address, sizeof six);
        if (::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size()) == nullptr) return {};
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(six.sin6_port));
    }
    sockaddr_in four = {};
    std::memcpy(&four, &address, sizeof four);
    if (::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size()) == nullptr) return {};
    return std::string(text.data()) + ":" + std::to_string(ntohs(four.sin_port));
}

}  // namespace postern::web
