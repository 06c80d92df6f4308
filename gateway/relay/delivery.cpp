#include "gateway/relay/delivery.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "gateway/relay/replies.hpp"

namespace postern::relay {

using smtp::PeerReply;

Delivery::State::Way& Delivery::State::way_to(const mail::Domain& domain) {
    RouteState& route = owner.route(domain.text());
    const auto known = std::find_if(ways.begin(), ways.end(),
                                    [&](const Way& each) { return &each.route == &route; });
    return known == ways.end() ? ways.emplace_back(route, envelope) : *known;
}

PeerReply Delivery::State::recipient(const Recipient& recipient) {
    if (over) {
        problem = "the delivery is over";
        return kHopDown;
    }
    Way& way = way_to(recipient.forward_path.domain());
    const PeerReply reply = way.leg.recipient(recipient);
    problem = way.leg.problem();
    if (reply.positive()) accepted_by.push_back(&way);
    return reply;
}

/// Route by route; the replies in the order of the recipients.
Sent Delivery::State::send(const MessageSource& source) {
    over = true;
    if (accepted_by.empty()) return {};
    const Survey seen = survey(source);
    if (!seen.readable) {
        abandon();
        return {.replies = std::vector<PeerReply>(accepted_by.size(), kUnreadable),
                .detail = "the message could not be read to its end"};
    }
    struct Part {
        Sent sent;
        std::size_t told = 0;
    };
    std::map<const Way*, Part> parts;
    Sent whole;
    for (Way& way : ways) {
        if (way.leg.accepted() == 0) continue;
        const Sent& sent = parts.emplace(&way, Part{way.leg.send(source, seen)}).first->second.sent;
        const bool unsure = whole.certainty == Certainty::Unknown;
        if (sent.certainty != Certainty::NotSent && !unsure) whole.certainty = sent.certainty;
        if (sent.detail.empty()) continue;
        whole.detail += (whole.detail.empty() ? "" : "; ") + sent.detail;
    }
    for (const Way* way : accepted_by) {
        Part& part = parts.at(way);
        whole.replies.push_back(part.sent.replies.at(part.told++));
    }
    return whole;
}

void Delivery::State::abandon() {
    over = true;
    for (Way& way : ways) way.leg.abandon();
}

Delivery::Delivery(std::unique_ptr<State> state) : state_(std::move(state)) {}
Delivery::~Delivery() = default;  // a leg that goes away abandons what has not been sent
Delivery::Delivery(Delivery&&) noexcept = default;
Delivery& Delivery::operator=(Delivery&& other) noexcept = default;

PeerReply Delivery::recipient(const Recipient& recipient) {
    return state_->recipient(recipient);
}

const std::string& Delivery::problem() const {
    return state_->problem;
}

std::size_t Delivery::accepted() const {
    return state_->accepted_by.size();
}

Sent Delivery::send(std::string_view prefix, int message, std::uint64_t size) {
    return state_->send({.prefix = prefix, .file = message, .size = size});
}

void Delivery::abandon() {
    state_->abandon();
}

}  // namespace postern::relay
