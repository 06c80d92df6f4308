#include "gateway/state/greylist.hpp"

#include <algorithm>
#include <charconv>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/sha256.hpp"
#include "gateway/mail/cidr.hpp"

namespace postern::state {
namespace {

/// A value that is used is only written again when this part of its life is over.
constexpr std::int64_t kRenewals = 8;

/// What a route's entry says: 'w' waits since, 'p' passes, last renewed.
struct Mark {
    char state = 'w';
    std::int64_t at = 0;
};

std::string text_of(const Mark& mark) {
    return mark.state + std::to_string(mark.at);
}

std::optional<Mark> parse(std::string_view text) {
    if (text.empty() || (text.front() != 'w' && text.front() != 'p')) return std::nullopt;
    Mark mark{text.front(), 0};
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + 1, end, mark.at);
    if (read.ec != std::errc() || read.ptr != end || mark.at < 0) return std::nullopt;
    return mark;
}

bool due(const Mark& mark, std::chrono::seconds life, std::int64_t now) {
    return now - mark.at >= life.count() / kRenewals || now < mark.at;
}

/// "user@a.example", "a.example", ".a.example".
bool exempt(const std::vector<std::string>& patterns, const mail::Mailbox& mailbox) {
    if (patterns.empty()) return false;
    const std::string whole = ascii_lower(mailbox.text());
    const std::string& domain = mailbox.domain().text();
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        if (pattern.find('@') != std::string::npos) return pattern == whole;
        return pattern.starts_with('.') ? domain.ends_with(pattern) : domain == pattern;
    });
}

bool exempt(const GreylistSettings& settings, const GreylistQuestion& question) {
    return exempt(settings.recipients_exempt, question.recipient) ||
           (question.sender && exempt(settings.senders_exempt, *question.sender));
}

std::string host_of(const GreylistSettings& settings, const GreylistQuestion& question) {
    if (question.authenticated) return "domain:" + question.authenticated->text();
    return mail::prefix_of(question.client, settings.v4_bits, settings.v6_bits).text();
}

/// Hashed: addresses may be longer than a key, and are nobody's business in a shared store.
std::string route_key(const std::string& host, const GreylistQuestion& question) {
    const std::string sender = question.sender ? ascii_lower(question.sender->text()) : "";
    const std::string route = host + '\n' + sender + '\n' + ascii_lower(question.recipient.text());
    return "grey:" + sha256_hex(as_bytes(route));
}

GreylistAnswer passes(GreylistReason reason, std::string host) {
    return {true, reason, std::chrono::seconds(0), std::move(host)};
}

}  // namespace

std::string_view name(GreylistReason reason) {
    switch (reason) {
        case GreylistReason::Exempt:
            return "exempt";
        case GreylistReason::KnownHost:
            return "known host";
        case GreylistReason::KnownRoute:
            return "known route";
        case GreylistReason::Waited:
            return "waited";
        case GreylistReason::FirstTry:
            return "first try";
        case GreylistReason::TooEarly:
            return "too early";
    }
    return "";
}

Outcome<bool, StateError> Greylist::knows_host(const std::string& host, std::int64_t now) const {
    if (settings_.learn_after <= 0) return false;
    const std::string key = "greyhost:" + host;
    const auto value = state_.get(key);
    if (!value) return Failure{value.error()};
    const auto mark = *value ? parse(**value) : std::nullopt;
    if (!mark || mark->state != 'p') return false;
    if (due(*mark, settings_.host_life, now)) {
        const auto renewed = state_.put(key, text_of({'p', now}), settings_.host_life);
        if (!renewed) return Failure{renewed.error()};
    }
    return true;
}

Outcome<Done, StateError> Greylist::learn(const std::string& host, std::int64_t now) const {
    if (settings_.learn_after <= 0) return Done{};
    const auto waits = state_.add("greywait:" + host, 1, settings_.host_life);
    if (!waits) return Failure{waits.error()};
    if (*waits < settings_.learn_after) return Done{};
    return state_.put("greyhost:" + host, text_of({'p', now}), settings_.host_life);
}

Outcome<GreylistAnswer, StateError> Greylist::ask(const GreylistQuestion& question,
                                                  std::int64_t now) const {
    std::string host = host_of(settings_, question);
    if (exempt(settings_, question)) return passes(GreylistReason::Exempt, std::move(host));
    const auto known = knows_host(host, now);
    if (!known) return Failure{known.error()};
    if (*known) return passes(GreylistReason::KnownHost, std::move(host));

    const std::string key = route_key(host, question);
    const Mark first{'w', now};
    const auto held = state_.put_if_absent(key, text_of(first), settings_.window);
    if (!held) return Failure{held.error()};
    const auto mark = parse(*held);
    // Nothing of ours, or of a clock that has been set back since: begin anew.
    if (!mark || (mark->state == 'w' && mark->at - settings_.delay.count() > now)) {
        const auto put = state_.put(key, text_of(first), settings_.window);
        if (!put) return Failure{put.error()};
        return GreylistAnswer{false, GreylistReason::FirstTry, settings_.delay, std::move(host)};
    }
    if (mark->state == 'p') {
        if (due(*mark, settings_.life, now)) {
            const auto renewed = state_.put(key, text_of({'p', now}), settings_.life);
            if (!renewed) return Failure{renewed.error()};
        }
        return passes(GreylistReason::KnownRoute, std::move(host));
    }
    // The clock of another gateway may be ahead of ours by a little.
    const std::int64_t waited = std::max<std::int64_t>(now - mark->at, 0);
    if (waited < settings_.delay.count()) {
        const auto reason = waited == 0 ? GreylistReason::FirstTry : GreylistReason::TooEarly;
        return GreylistAnswer{false, reason, settings_.delay - std::chrono::seconds(waited),
                              std::move(host)};
    }
    const auto put = state_.put(key, text_of({'p', now}), settings_.life);
    if (!put) return Failure{put.error()};
    const auto learned = learn(host, now);
    if (!learned) return Failure{learned.error()};
    return passes(GreylistReason::Waited, std::move(host));
}

}  // namespace postern::state
