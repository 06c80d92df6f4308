#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "quarantine/store.hpp"
#include "web/server/request.hpp"

namespace postern::web {

struct ApiSettings {
    std::chrono::seconds session_time = std::chrono::hours(8);
    std::size_t max_download = std::size_t{64} << 20;  ///< bytes of one message
    unsigned downloads_at_once = 4;                    ///< each holds a message in memory
    unsigned logins_at_once = 8;  ///< each holds a thread while its password is hashed
};

enum class Access : std::uint8_t { Anyone, Reviewer, Admin };

/// One line of the registry, for the test that compares it with openapi.yaml.
struct RouteName {
    std::string_view method;
    std::string_view path;  ///< below /api/v1, "{id}" stands for a message's id
    Access access;
};

/// /api/v1. Every change needs a session and its CSRF token; every act is in the audit log.
class Api {
public:
    static constexpr std::string_view kPrefix = "/api/v1";

    Api(quarantine::Store& store, const ApiSettings& settings)
        : store_(store), settings_(settings) {}

    /// The answer to a request whose path begins with kPrefix. Any thread; does not throw.
    [[nodiscard]] Response answer(const Request& request);

    [[nodiscard]] static std::vector<RouteName> routes();

private:
    quarantine::Store& store_;
    const ApiSettings settings_;
    std::atomic<unsigned> downloads_ = 0;
    std::atomic<unsigned> logins_ = 0;
};

}  // namespace postern::web
