#pragma once

/// @file All routes and their servers, and the thread that looks whether servers are back.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/relay/route.hpp"

namespace postern::relay {

class NextHopState {
public:
    NextHopState(NextHopSettings settings, dns::Resolver* resolver);
    ~NextHopState();
    NextHopState(const NextHopState&) = delete;
    NextHopState& operator=(const NextHopState&) = delete;

    /// For a domain in lower case: the longest match, else the default.
    [[nodiscard]] RouteState& route(std::string_view domain) const;
    [[nodiscard]] bool shut() const { return shared_.shut; }
    void shut_down();
    void close_idle();
    [[nodiscard]] std::vector<HopFigures> figures() const;

private:
    void add(const Route& route);
    void watch(const std::stop_token& stopping);
    [[nodiscard]] Hop* due_first() const;

    UniqueFd wake_;
    HopShared shared_;
    std::vector<std::unique_ptr<RouteState>> routes_;
    std::map<std::string, RouteState*, std::less<>> by_domain_;  ///< ".a.example" as it is written
    RouteState* default_ = nullptr;
    std::mutex mutex_;
    std::condition_variable_any news_;
    bool went_down_ = false;
    std::jthread watch_;  ///< last: it uses all of the above
};

}  // namespace postern::relay
