#pragma once

/// @file The real Resolver: questions over the network, with a cache, in one thread of its own.
///
///     dns::Client resolver({.servers = dns::read_servers({"127.0.0.1:5353"})});

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/dns/resolver.hpp"
#include "gateway/dns/servers.hpp"

namespace postern::dns {

struct ClientSettings {
    std::vector<Server> servers;  ///< at least one, in order of preference
    std::chrono::milliseconds timeout = std::chrono::seconds(3);  ///< no question waits longer
    /// Without an answer the question is sent again after this, then after twice this, and so on,
    /// each time to another server if there is one.
    std::chrono::milliseconds retry_after = std::chrono::milliseconds(500);
    std::size_t in_flight = 4096;     ///< questions that wait; one more is answered Failed
    std::size_t tcp_in_flight = 256;  ///< TCP connections; one more is answered Failed
    std::size_t max_records = 256;    ///< of one answer; more make it Failed
    std::size_t cache_bytes = std::size_t{32} << 20;  ///< 0: no cache
    std::chrono::seconds ttl_min = std::chrono::seconds(5);
    std::chrono::seconds ttl_max = std::chrono::hours(24);
    std::chrono::seconds negative_ttl_max = std::chrono::minutes(15);  ///< NoData, NoName
    std::string trust_anchor;  ///< file; not empty: answers are validated (DNSSEC)
    /// Told how each question ended, from any thread; must not block and not throw.
    std::function<void(Status status)> on_result;
};

class Client final : public Resolver {
public:
    /// Starts the thread. Throws std::invalid_argument when there is no server, std::runtime_error
    /// when the trust anchor cannot be used or the system refuses a descriptor.
    explicit Client(ClientSettings settings);
    /// Questions that still wait are answered Failed, then the thread ends.
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&&) = delete;
    Client& operator=(Client&&) = delete;

    void ask(const Question& question, TimePoint deadline, Done done) override;

    struct Load {
        std::size_t waiting = 0;      ///< questions without an answer
        std::size_t cached = 0;       ///< answers kept
        std::size_t cache_bytes = 0;  ///< as estimated
        std::uint64_t hits = 0;       ///< questions answered from the cache since the start
    };
    [[nodiscard]] Load load() const;

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace postern::dns
