#include "gateway/state/rates.hpp"

#include <array>
#include <cmath>

#include "gateway/mail/cidr.hpp"

namespace postern::state {
namespace {

std::uint32_t limit_of(const EventLimits& limits, Event event) {
    switch (event) {
        case Event::Connection:
            return limits.connections;
        case Event::Message:
            return limits.messages;
        case Event::Recipient:
            return limits.recipients;
        case Event::Error:
            return limits.errors;
    }
    return 0;
}

/// Where `now` is in its window of `length` seconds.
struct Window {
    std::int64_t index;
    std::int64_t elapsed;
};

Window window_at(std::int64_t now, std::int64_t length) {
    const std::int64_t since_epoch = now < 0 ? 0 : now;
    return {since_epoch / length, since_epoch % length};
}

std::string key_of(Event event, const std::string& scope, std::int64_t window) {
    std::string key = "rate:";
    key += name(event);
    return key + ':' + scope + ':' + std::to_string(window);
}

RateAnswer judge(Event event, const std::string& scope, std::int64_t count, std::uint32_t limit,
                 std::int64_t length) {
    RateAnswer answer{limit != 0 && count > std::int64_t{limit}, count, limit, scope, {}};
    answer.detail = std::to_string(count) + ' ' + std::string(name(event)) + " of " + scope +
                    " in " + std::to_string(length) + " s, limit " +
                    (limit == 0 ? "none" : std::to_string(limit));
    return answer;
}

/// How much of the limit is used; nothing of no limit.
double used(const RateAnswer& answer) {
    return answer.limit == 0 ? 0 : static_cast<double>(answer.count) / answer.limit;
}

}  // namespace

std::string_view name(Event event) {
    switch (event) {
        case Event::Connection:
            return "connections";
        case Event::Message:
            return "messages";
        case Event::Recipient:
            return "recipients";
        case Event::Error:
            return "errors";
    }
    return "";
}

Outcome<RateAnswer, StateError> Rates::count(Event event, const mail::IpAddress& client,
                                             std::int64_t now, std::int64_t amount) const {
    const std::int64_t length = settings_.window.count();
    const Window window = window_at(now, length);
    const std::string address = client.text();
    const std::string network =
        mail::prefix_of(client, settings_.v4_bits, settings_.v6_bits).text();

    // A window's counter is still read while the next one lasts.
    const std::chrono::seconds life = settings_.window * 2;
    const std::array<Addition, 4> additions{{{key_of(event, address, window.index), amount, life},
                                             {key_of(event, address, window.index - 1), 0, life},
                                             {key_of(event, network, window.index), amount, life},
                                             {key_of(event, network, window.index - 1), 0, life}}};
    const auto sums = state_.add_all(additions);
    if (!sums) return Failure{sums.error()};

    const double still_inside =
        1 - static_cast<double>(window.elapsed) / static_cast<double>(length);
    const auto sliding = [&](std::size_t at) {
        return (*sums)[at] +
               std::llround(std::floor(static_cast<double>((*sums)[at + 1]) * still_inside));
    };
    const RateAnswer one =
        judge(event, address, sliding(0), limit_of(settings_.address, event), length);
    const RateAnswer all =
        judge(event, network, sliding(2), limit_of(settings_.network, event), length);
    return used(all) > used(one) ? all : one;
}

}  // namespace postern::state
