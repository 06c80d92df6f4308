#include "gateway/dns/servers.hpp"

#include <netdb.h>

#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace postern::dns {
namespace {

constexpr std::size_t kMaxServers = 8;

std::array<std::string, 2> host_and_port(const sockaddr* address, socklen_t size) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {"?", "?"};
    }
    return {host.data(), port.data()};
}

}  // namespace

/// getaddrinfo rather than inet_pton: it reads the zone of "fe80::1%eth0" too.
void Server::set(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0 || found == nullptr) {
        throw std::invalid_argument("\"" + host + "\" port \"" + port + "\" is no DNS server");
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
    std::memcpy(&address_, found->ai_addr, found->ai_addrlen);
    size_ = found->ai_addrlen;
}

Server Server::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.starts_with('[') && host.ends_with(']');
    if (in_brackets) host = host.substr(1, host.size() - 2);
    const bool is_v6 = host.find(':') != std::string_view::npos;
    if (colon == std::string_view::npos || in_brackets != is_v6) {
        throw std::invalid_argument("\"" + std::string(text) + "\" is no \"address:port\"");
    }
    Server server;
    server.set(std::string(host), std::string(text.substr(colon + 1)));
    if (server.port() == "0") throw std::invalid_argument("a DNS server has no port 0");
    return server;
}

const sockaddr* Server::address() const {
    const void* address = &address_;
    return static_cast<const sockaddr*>(address);
}

std::string Server::host() const {
    return host_and_port(address(), size_)[0];
}

std::string Server::port() const {
    return host_and_port(address(), size_)[1];
}

std::string Server::text() const {
    const std::string name = host();
    return (family() == AF_INET6 ? "[" + name + "]" : name) + ":" + port();
}

std::vector<Server> servers_of_host(const std::string& path) {
    std::vector<Server> servers;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line) && servers.size() < kMaxServers;) {
        std::istringstream words(line);
        std::string keyword;
        std::string address;
        if (!(words >> keyword >> address) || keyword != "nameserver") continue;
        try {
            Server server;
            server.set(address, "53");
            servers.push_back(server);
        } catch (const std::invalid_argument&) {
            continue;  // the C library skips such a line as well
        }
    }
    if (servers.empty()) servers = {Server::parse("127.0.0.1:53"), Server::parse("[::1]:53")};
    return servers;
}

std::vector<Server> read_servers(const std::vector<std::string>& configured) {
    if (configured.empty()) return servers_of_host();
    std::vector<Server> servers;
    servers.reserve(configured.size());
    for (const std::string& each : configured) servers.push_back(Server::parse(each));
    return servers;
}

}  // namespace postern::dns
