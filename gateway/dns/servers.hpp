#pragma once

/// @file Addresses of DNS servers.

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::dns {

/// One server: an address and a port, ready for connect().
class Server {
public:
    /// "192.0.2.1:53" or "[2001:db8::1]:53", as [dns].servers has them. Throws
    /// std::invalid_argument.
    static Server parse(std::string_view text);

    [[nodiscard]] const sockaddr* address() const;
    [[nodiscard]] socklen_t size() const { return size_; }
    [[nodiscard]] int family() const { return address_.ss_family; }
    [[nodiscard]] std::string host() const;  ///< without brackets; an IPv6 zone as "%2"
    [[nodiscard]] std::string port() const;
    [[nodiscard]] std::string text() const;  ///< parses back

private:
    Server() = default;
    friend std::vector<Server> servers_of_host(const std::string& path);
    void set(const std::string& host, const std::string& port);

    sockaddr_storage address_{};
    socklen_t size_ = 0;
};

/// The servers of the file in resolv.conf(5) form, at most 8, at port 53; 127.0.0.1 and ::1, as the
/// C library does, when it names none or cannot be read.
[[nodiscard]] std::vector<Server> servers_of_host(const std::string& path = "/etc/resolv.conf");

/// The configured ones; without any, those of the host. Throws std::invalid_argument.
[[nodiscard]] std::vector<Server> read_servers(const std::vector<std::string>& configured);

}  // namespace postern::dns
