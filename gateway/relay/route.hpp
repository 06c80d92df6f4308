#pragma once

/// @file The servers for the mail of some domains, and in which order one message tries them.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/relay/hop.hpp"

namespace postern::relay {

/// Thread-safe.
class RouteState {
public:
    RouteState(const Route& route, HopShared& shared);

    [[nodiscard]] const std::vector<std::unique_ptr<Hop>>& hops() const { return hops_; }
    /// All servers: those that are up by priority, each group beginning with the one whose turn it
    /// is by weight; then those that are down, the one to be checked first in front.
    [[nodiscard]] std::vector<Hop*> order();

private:
    std::vector<std::unique_ptr<Hop>> hops_;  ///< by priority
    std::mutex mutex_;
    std::vector<std::int64_t> credit_;  ///< of each hop: smooth weighted round robin
};

struct Lease {
    Hop* hop = nullptr;
    std::unique_ptr<Connection> connection = {};
    bool reused = false;
};

/// What one transaction still has to try. Each connection it gets is another address or another
/// server; a kept one may be dead unnoticed, so its server gets a new one behind it.
class Itinerary {
public:
    /// `limit` bounds all waiting.
    Itinerary(RouteState& route, Clock::time_point limit);
    ~Itinerary();
    Itinerary(const Itinerary&) = delete;
    Itinerary& operator=(const Itinerary&) = delete;

    /// nullopt: all have been tried; problem() says what was in the way.
    [[nodiscard]] std::optional<Lease> next();
    /// The last lease could not carry the transaction for the reason given. `down`: the server as a
    /// whole could not.
    void give_up(const std::string& detail, bool down);
    /// The last lease's server has answered, and would say the same at its other addresses.
    void skip_server();
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// A server could not be used, or a connection to it was lost.
    [[nodiscard]] bool met_failure() const { return met_failure_; }
    [[nodiscard]] Clock::time_point limit() const { return limit_; }

private:
    [[nodiscard]] bool arrive();
    void leave();
    [[nodiscard]] std::optional<Lease> next_here();

    std::vector<Hop*> hops_;  ///< front: the one being tried
    std::size_t at_ = 0;
    Clock::time_point limit_;
    bool arrived_ = false;  ///< at hops_[at_]
    bool counted_ = false;  ///< as one of those that try it while it is down
    bool kept_asked_ = false;
    bool of_use_ = false;  ///< a new connection to it came about
    bool met_failure_ = false;
    std::optional<Targets> targets_;
    std::size_t target_ = 0;
    std::string problem_;
};

}  // namespace postern::relay
