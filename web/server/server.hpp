#pragma once

/// @file The HTTPS listener. POCO is known to the .cpp files of this folder only.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "web/server/guard.hpp"
#include "web/server/request.hpp"

namespace postern::web {

struct ServerSettings {
    std::string certificate;     ///< PEM text: the certificate, then its chain
    std::string key;             ///< PEM text
    std::uint16_t threads = 64;  ///< connections served at once
    std::uint16_t waiting = 64;  ///< connections beyond that wait, others are closed
    std::size_t connections_per_client = 32;
    std::chrono::milliseconds silence = std::chrono::seconds(10);  ///< longest wait for any byte
    std::chrono::milliseconds request_time = std::chrono::seconds(15);  ///< handshake, head, body
    std::chrono::milliseconds answer_time = std::chrono::minutes(2);
    std::chrono::milliseconds keep_alive = std::chrono::seconds(15);
    std::chrono::milliseconds stop_grace = std::chrono::seconds(5);
    std::uint32_t requests_per_connection = 1000;
    GuardSettings guard = {};
};

/// Called on many threads at once; must not throw.
using Handler = std::function<Response(const Request&)>;

class Server {
public:
    /// Serves on a bound, listening TCP socket. The failure is a sentence: a certificate or key
    /// that cannot be used.
    [[nodiscard]] static Outcome<std::unique_ptr<Server>, std::string> start(
        UniqueFd listener, const ServerSettings& settings, Handler handler);
    /// Takes no more, lets running requests end for stop_grace, then ends all connections.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    Server(Server&&) = delete;
    Server& operator=(Server&&) = delete;

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// A bound, listening socket for "127.0.0.1:8443" or "[::1]:8443". The failure is a sentence.
[[nodiscard]] Outcome<UniqueFd, std::string> listen_on(const std::string& endpoint);
/// "127.0.0.1:8443" of a listening socket.
[[nodiscard]] std::string local_endpoint(int listener);

}  // namespace postern::web
