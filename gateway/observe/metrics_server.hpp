#pragma once

/// @file GET /metrics and GET /healthz over HTTP/1.1, and nothing else: one thread, bounded
/// requests, one request for each connection.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/observe/metrics.hpp"

namespace postern::observe {

struct MetricsServerSettings {
    std::size_t max_connections = 32;                             ///< beyond it, closed at once
    std::size_t max_request = std::size_t{8} << 10;               ///< bytes of line and fields
    std::chrono::milliseconds timeout = std::chrono::seconds(5);  ///< of a whole connection
};

/// For /healthz: 200 or 503, and the text as the body.
struct Health {
    bool well = true;
    std::string text = "ok\n";
};

/// A listening TCP socket for "127.0.0.1:9464" or "[::1]:9464"; port 0 picks one. The error is a
/// sentence for the operator.
[[nodiscard]] Outcome<UniqueFd, std::string> listen_on(const std::string& address);
/// The port a listening socket got; 0 when it is none.
[[nodiscard]] std::uint16_t local_port(int descriptor);

class MetricsServer {
public:
    /// Serves until destroyed. `registry` must outlive it; `health` is called on its thread.
    MetricsServer(UniqueFd listener, const Registry& registry, std::function<Health()> health,
                  MetricsServerSettings settings = {});
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

private:
    UniqueFd listener_;
    UniqueFd stop_;
    std::thread thread_;
};

}  // namespace postern::observe
