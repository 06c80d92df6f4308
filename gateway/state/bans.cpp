#include "gateway/state/bans.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <random>

namespace postern::state {
namespace {

constexpr double kUnit = 1000;             // points are kept in thousandths
constexpr double kRounding = 0.01;         // twenty points are twenty, whatever rounding says
constexpr double kMostPoints = 1'000'000;  // of one offence
constexpr std::int64_t kHalfLives = 8;     // of one era; after that a point is worth 1/256
constexpr std::string_view kBan = "ban:";

std::string printable(std::string_view text) {
    std::string clean(text.substr(0, kMaxBanReason));
    for (char& c : clean) {
        if (c < ' ' || c > '~') c = '?';
    }
    return clean;
}

/// `token` tells two bans apart that begin in the same second.
std::string value_of(const Ban& ban, std::int64_t token) {
    return std::to_string(ban.since) + ' ' + std::to_string(ban.until) + ' ' +
           std::to_string(ban.times) + ' ' + std::to_string(token) + ' ' + ban.reason;
}

std::int64_t make_token() {
    std::random_device device;
    return static_cast<std::int64_t>(device());
}

/// Takes a whole number and the space behind it.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    return number;
}

/// nullopt: nothing that we wrote.
std::optional<Ban> parse(std::string_view key, std::string_view value) {
    const auto client = mail::Cidr::parse(key.substr(std::min(kBan.size(), key.size())));
    const auto since = take_number(value);
    const auto until = take_number(value);
    const auto times = take_number(value);
    const auto token = take_number(value);
    if (!client || !since || !until || !times || !token) return std::nullopt;
    return Ban{*client, printable(value), *since, *until, *times};
}

std::chrono::seconds within_life(std::chrono::seconds life) {
    return std::clamp(life, kMinLife, kMaxLife);
}

}  // namespace

/// Points fade by halves: one given at t is worth 2^-((now-t)/h) at now. Instead of fading them
/// all, new ones are made larger by 2^((t-start)/h), start being the beginning of an era; so a
/// plain counter adds them up, from any gateway, and reading divides once.
struct Bans::Era {
    Era(const BanSettings& settings, std::int64_t now)
        : half_life(static_cast<double>(std::max<std::int64_t>(settings.half_life.count(), 60))),
          length(std::max<std::int64_t>(settings.half_life.count(), 60) * kHalfLives),
          index(std::max<std::int64_t>(now, 0) / length),
          elapsed(std::max<std::int64_t>(now, 0) % length) {}

    [[nodiscard]] std::string key(const std::string& who, std::int64_t back) const {
        return "points:" + who + ':' + std::to_string(index - back);
    }
    [[nodiscard]] double growth(std::int64_t seconds) const {
        return std::exp2(static_cast<double>(seconds) / half_life);
    }

    double half_life;
    std::int64_t length;
    std::int64_t index;
    std::int64_t elapsed;
};

mail::Cidr Bans::scope(const mail::IpAddress& client) const {
    return mail::prefix_of(client, settings_.v4_bits, settings_.v6_bits);
}

Outcome<std::optional<Ban>, StateError> Bans::find(const mail::IpAddress& client,
                                                   std::int64_t now) const {
    const std::string key = std::string(kBan) + scope(client).text();
    const auto value = state_.get(key);
    if (!value) return Failure{value.error()};
    if (!*value) return std::optional<Ban>();
    const auto ban = parse(key, **value);
    // The store's clock may run a little behind ours.
    if (!ban || ban->until <= now) return std::optional<Ban>();
    return std::optional(*ban);
}

Outcome<double, StateError> Bans::add_points(const std::string& who, double points,
                                             std::int64_t now) const {
    const Era era(settings_, now);
    const double worth = std::clamp(points, 0.0, kMostPoints) * kUnit * era.growth(era.elapsed);
    const auto life = within_life(std::chrono::seconds(era.length * 2));
    const std::array<Addition, 2> additions{
        {{era.key(who, 0), std::llround(worth), life}, {era.key(who, 1), 0, life}}};
    const auto sums = state_.add_all(additions);
    if (!sums) return Failure{sums.error()};
    const double current = static_cast<double>((*sums)[0]) / era.growth(era.elapsed);
    const double earlier = static_cast<double>((*sums)[1]) / era.growth(era.elapsed + era.length);
    return (current + earlier) / kUnit;
}

Outcome<Done, StateError> Bans::forget_points(const std::string& who, std::int64_t now) const {
    const Era era(settings_, now);
    for (const std::int64_t back : {0, 1}) {
        const auto removed = state_.remove(era.key(who, back));
        if (!removed) return Failure{removed.error()};
    }
    return Done{};
}

Outcome<Offence, StateError> Bans::offend(const mail::IpAddress& client, double points,
                                          std::string_view reason, std::int64_t now) const {
    const mail::Cidr who = scope(client);
    const auto sum = add_points(who.text(), points, now);
    if (!sum) return Failure{sum.error()};
    if (*sum + kRounding < settings_.threshold) {
        const auto held = find(client, now);
        if (!held) return Failure{held.error()};
        return Offence{*sum, *held};
    }
    const auto ban = begin(who, reason, now);
    if (!ban) return Failure{ban.error()};
    const auto paid = forget_points(who.text(), now);
    if (!paid) return Failure{paid.error()};
    return Offence{0, *ban};
}

Outcome<Ban, StateError> Bans::begin(const mail::Cidr& who, std::string_view reason,
                                     std::int64_t now) const {
    const std::string key = std::string(kBan) + who.text();
    Ban ban{who, printable(reason), now, now + settings_.first.count(), 1};
    // Of those who reach the threshold at the same time one makes the ban; the others find it.
    const auto life = within_life(settings_.first);
    const std::int64_t token = make_token();
    const std::string mine = value_of(ban, token);
    const auto held = state_.put_if_absent(key, mine, life);
    if (!held) return Failure{held.error()};
    if (*held != mine) {
        const auto older = parse(key, *held);
        if (older && older->until > now) return *older;
    }
    const auto times = state_.add("bans:" + who.text(), 1, within_life(settings_.memory));
    if (!times) return Failure{times.error()};
    ban.times = *times;
    const double longer = static_cast<double>(settings_.first.count()) *
                          std::pow(settings_.growth, static_cast<double>(*times - 1));
    const double most = static_cast<double>(settings_.longest.count());
    ban.until = now + std::llround(std::min(longer, most));
    const auto put =
        state_.put(key, value_of(ban, token), within_life(std::chrono::seconds(ban.until - now)));
    if (!put) return Failure{put.error()};
    return ban;
}

Outcome<Ban, StateError> Bans::ban(const mail::IpAddress& client, std::chrono::seconds time,
                                   std::string_view reason, std::int64_t now) const {
    const mail::Cidr who = scope(client);
    const auto life = within_life(time);
    const auto times = state_.add("bans:" + who.text(), 1, within_life(settings_.memory));
    if (!times) return Failure{times.error()};
    const Ban ban{who, printable(reason), now, now + life.count(), *times};
    const auto put = state_.put(std::string(kBan) + who.text(), value_of(ban, make_token()), life);
    if (!put) return Failure{put.error()};
    return ban;
}

Outcome<bool, StateError> Bans::lift(const mail::IpAddress& client, std::int64_t now) const {
    const std::string who = scope(client).text();
    const auto removed = state_.remove(std::string(kBan) + who);
    if (!removed) return Failure{removed.error()};
    const auto earlier = state_.remove("bans:" + who);
    if (!earlier) return Failure{earlier.error()};
    const auto forgotten = forget_points(who, now);
    if (!forgotten) return Failure{forgotten.error()};
    return *removed;
}

Outcome<std::vector<Ban>, StateError> Bans::list(std::int64_t now, std::size_t most) const {
    const auto entries = state_.list(kBan, kMaxList);
    if (!entries) return Failure{entries.error()};
    std::vector<Ban> bans;
    for (const Entry& entry : *entries) {
        auto ban = parse(entry.key, entry.value);
        if (ban && ban->until > now) bans.push_back(std::move(*ban));
    }
    std::sort(bans.begin(), bans.end(), [](const Ban& a, const Ban& b) {
        return a.until != b.until ? a.until > b.until : a.client < b.client;
    });
    if (bans.size() > most)
        bans.erase(bans.begin() + static_cast<std::ptrdiff_t>(most), bans.end());
    return bans;
}

}  // namespace postern::state
