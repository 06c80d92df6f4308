#pragma once

/// @file How often an address, and the network it is in, did something in the last minute.

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/mail/ip_address.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

enum class Event : std::uint8_t { Connection, Message, Recipient, Error };
/// "connections", "messages", "recipients", "errors".
[[nodiscard]] std::string_view name(Event event);

/// Each in one window; 0: no limit.
struct EventLimits {
    std::uint32_t connections = 0;
    std::uint32_t messages = 0;
    std::uint32_t recipients = 0;
    std::uint32_t errors = 0;
};

struct RateSettings {
    EventLimits address = {30, 60, 100, 20};
    EventLimits network = {120, 240, 400, 80};
    unsigned v4_bits = 24;
    unsigned v6_bits = 56;
    std::chrono::seconds window{60};  ///< 1 s or more
};

/// The limit that is exceeded furthest; if none is, the one that is nearest to it.
struct RateAnswer {
    bool over = false;
    std::int64_t count = 0;   ///< in the last window, this one included
    std::uint32_t limit = 0;  ///< 0: this event has no limit
    std::string scope;        ///< "192.0.2.7" or "192.0.2.0/24"
    std::string detail;       ///< "31 connections of 192.0.2.7 in 60 s, limit 30"
};

/// Sliding window: what was counted in this window, and of the one before the part that is still
/// inside. Refused events count, so that hammering does not help. Gateways that share a store must
/// have clocks within a second or so.
class Rates {
public:
    /// `state` outlives this.
    Rates(State& state, const RateSettings& settings) : state_(state), settings_(settings) {}

    /// Counts `amount` events of `client` at `now` (seconds since 1970). An error means that
    /// nothing is known of the rate: with a Resilient state that is so only when the call itself is
    /// wrong.
    [[nodiscard]] Outcome<RateAnswer, StateError> count(Event event, const mail::IpAddress& client,
                                                        std::int64_t now,
                                                        std::int64_t amount = 1) const;

private:
    State& state_;
    RateSettings settings_;
};

}  // namespace postern::state
