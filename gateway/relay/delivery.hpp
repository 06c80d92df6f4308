#pragma once

/// @file The inside of a Delivery: one leg per route.

#include <deque>
#include <string>
#include <vector>

#include "gateway/relay/leg.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/relay/next_hop_state.hpp"

namespace postern::relay {

struct Delivery::State {
    State(NextHopState& servers, Envelope of_message)
        : owner(servers), envelope(std::move(of_message)) {}

    struct Way {
        Way(RouteState& to, const Envelope& envelope)
            : route(to), leg(to, envelope, Clock::time_point::max()) {}
        RouteState& route;
        Leg leg;
    };

    [[nodiscard]] Way& way_to(const mail::Domain& domain);
    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    [[nodiscard]] Sent send(const MessageSource& source);
    void abandon();

    NextHopState& owner;
    const Envelope envelope;
    std::deque<Way> ways;           ///< a deque: legs do not move
    std::vector<Way*> accepted_by;  ///< for each accepted recipient, in order
    std::string problem;
    bool over = false;
};

}  // namespace postern::relay
