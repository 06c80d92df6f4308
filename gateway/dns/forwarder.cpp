#include "gateway/dns/forwarder.hpp"

#include <algorithm>
#include <utility>

namespace postern::dns {
namespace {

constexpr unsigned kAttemptBits = 8;

/// How one server fares with one question.
struct Standing {
    unsigned asked = 0;
    bool silent_to_edns = false;  ///< was asked with EDNS and has not answered yet
    bool out = false;             ///< has answered uselessly, or cannot be reached
};

TimePoint now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

/// The way of one question from server to server. Queries that were sent stay open until the end: a
/// slow answer to the first counts as well as a quick one to the third.
struct Forwarder::Course {
    Ticket ticket = 0;
    std::string name;
    RecordType type = RecordType::A;
    Fetched done;
    std::vector<Standing> standings;
    std::vector<std::unique_ptr<Attempt>> attempts;
    std::unique_ptr<Alarm> alarm;
    std::chrono::milliseconds wait{0};
    unsigned queries = 0;
    unsigned foreign = 0;
    std::size_t last_server = 0;
    std::string trouble;

    [[nodiscard]] bool all_out() const {
        return std::ranges::all_of(standings, [](const Standing& each) { return each.out; });
    }
    [[nodiscard]] bool is_asking(std::size_t server) const {
        return std::ranges::any_of(attempts,
                                   [&](const auto& each) { return each->server() == server; });
    }
};

Forwarder::Forwarder(const Loop& loop, const std::vector<Server>& servers, ForwarderLimits limits)
    : loop_(loop), limits_(limits), tcp_places_(limits.tcp_in_flight) {
    for (const Server& server : servers) servers_.push_back({.server = server});
}

Forwarder::~Forwarder() = default;

Source::Ticket Forwarder::fetch(const std::string& name, RecordType type, Fetched done) {
    auto made = std::make_unique<Course>();
    Course& course = *made;
    const Ticket ticket = ++last_ticket_;
    course.ticket = ticket;
    course.name = name;
    course.type = type;
    course.done = std::move(done);
    course.standings.resize(servers_.size());
    course.wait = limits_.retry_after;
    course.alarm = std::make_unique<Alarm>(loop_, [this, ticket] { on_alarm(ticket); });
    courses_.emplace(ticket, std::move(made));
    send_next(course);
    return ticket;
}

void Forwarder::cancel(Ticket ticket) {
    courses_.erase(ticket);
}

std::string Forwarder::trouble(Ticket ticket) const {
    const auto at = courses_.find(ticket);
    if (at == courses_.end()) return {};
    const Course& course = *at->second;
    const std::string silent = "no answer from " + servers_[course.last_server].server.text();
    return course.trouble.empty() ? silent : course.trouble + "; " + silent;
}

/// Sends one more query, if there is a server left to ask, and sets the time for the next one.
void Forwarder::send_next(Course& course) {
    if (course.all_out() || course.queries >= kMaxQueries) {
        course.alarm->set(now());  // ends there if all are out: never before fetch() returns
        return;
    }
    const std::size_t server = pick_server(course);
    send_udp(course, server, use_edns(course, server));
}

void Forwarder::send_udp(Course& course, std::size_t server, bool edns) {
    Standing& standing = course.standings[server];
    ++standing.asked;
    standing.silent_to_edns = standing.silent_to_edns || edns;
    const Attempt::Label label = next_label(course, server);
    course.attempts.push_back(std::make_unique<UdpAttempt>(
        loop_, servers_[server].server, label, make_query(course, edns, true), datagram_,
        [this, number = label.number] { on_ready(number); }));
    course.alarm->set(now() + course.wait);
}

/// The number leads back to the course and, in it, to the attempt.
Attempt::Label Forwarder::next_label(Course& course, std::size_t server) {
    course.last_server = server;
    return {.number = course.ticket << kAttemptBits | ++course.queries, .server = server};
}

void Forwarder::send_tcp(Course& course, std::size_t server) {
    if (tcp_places_.full()) {
        course.standings[server].out = true;
        course.trouble = "too many questions over TCP";
        send_next(course);
        return;
    }
    const Attempt::Label label = next_label(course, server);
    course.attempts.push_back(std::make_unique<TcpAttempt>(
        loop_, servers_[server].server, label,
        make_query(course, servers_[server].edns == ServerHealth::Edns::Works, false), tcp_places_,
        [this, number = label.number] { on_ready(number); }));
    course.alarm->set(now() + course.wait);
}

Query Forwarder::make_query(const Course& course, bool edns, bool scramble) {
    Query query{dice_.id(), course.name, course.type, edns};
    if (scramble) dice_.scramble_case(query.name);
    return query;
}

/// A server that was never heard speaking EDNS and is silent now may be one that drops it.
bool Forwarder::use_edns(const Course& course, std::size_t server) {
    ServerHealth& health = servers_[server];
    if (health.edns == ServerHealth::Edns::Broken && health.edns_again <= now()) {
        health.edns = ServerHealth::Edns::Unknown;
    }
    if (health.edns == ServerHealth::Edns::Unknown) {
        return !course.standings[server].silent_to_edns;
    }
    return health.edns == ServerHealth::Edns::Works;
}

/// Least asked first; of those the first that does not rest; of those the first configured.
std::size_t Forwarder::pick_server(const Course& course) {
    const TimePoint moment = now();
    std::size_t best = servers_.size();
    const auto rests = [&](std::size_t i) {
        return servers_[i].silences >= kSilencesToRest && servers_[i].rests_until > moment;
    };
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (course.standings[i].out) continue;
        if (best == servers_.size() || std::pair(course.standings[i].asked, rests(i)) <
                                           std::pair(course.standings[best].asked, rests(best))) {
            best = i;
        }
    }
    // The one that wakes a server up tries it for all: the others leave it alone meanwhile.
    if (servers_[best].silences >= kSilencesToRest) servers_[best].rests_until = moment + kRest;
    return best;
}

void Forwarder::on_ready(std::uint64_t number) {
    const auto at = courses_.find(number >> kAttemptBits);
    if (at == courses_.end()) return;
    Course& course = *at->second;
    const auto mine = std::ranges::find_if(
        course.attempts, [&](const auto& each) { return each->number() == number; });
    if (mine == course.attempts.end()) return;
    Attempt& active = **mine;
    for (;;) {
        const Attempt::State state = active.advance();
        if (state == Attempt::State::Waiting) return;
        if (state == Attempt::State::Broken) {
            give_up_on(course, active, "cannot be reached");
            return;
        }
        // Over TCP nobody but the server could have answered: letters do not matter.
        const Reply reply =
            read_reply(active.packet(), active.query(), !active.over_tcp(), limits_.max_records);
        if (take(course, active, reply) == Outcome::Over) return;
    }
}

/// Over: the attempt is gone, and perhaps the course.
Forwarder::Outcome Forwarder::take(Course& course, const Attempt& attempt, Reply reply) {
    const std::size_t server = attempt.server();
    ServerHealth& health = servers_[server];
    if (reply.kind == Reply::Kind::Foreign) {
        if (attempt.over_tcp()) {
            give_up_on(course, attempt, "answers something else");
            return Outcome::Over;
        }
        if (++course.foreign < kMaxForeign) return Outcome::Goes;
        drop(course, attempt);
        send_tcp(course, server);  // somebody may be guessing ids
        return Outcome::Over;
    }
    health.silences = 0;
    const bool had_edns = attempt.query().edns;
    if (reply.with_edns) health.edns = ServerHealth::Edns::Works;
    const bool may_lack_edns = had_edns && health.edns != ServerHealth::Edns::Works;
    switch (reply.kind) {
        case Reply::Kind::OddCase:
        case Reply::Kind::Truncated:
            if (attempt.over_tcp()) {
                give_up_on(course, attempt, "truncates over TCP");
            } else {
                drop(course, attempt);
                send_tcp(course, server);
            }
            return Outcome::Over;
        case Reply::Kind::NoEdns:
            health.edns = ServerHealth::Edns::Broken;
            health.edns_again = now() + kWithoutEdns;
            drop(course, attempt);
            send_udp(course, server, false);
            return Outcome::Over;
        case Reply::Kind::Useless:
            if (may_lack_edns && !reply.with_edns) {
                drop(course, attempt);
                send_udp(course, server, false);
            } else {
                give_up_on(course, attempt, reply.reading.answer.detail);
            }
            return Outcome::Over;
        case Reply::Kind::Answer:
        case Reply::Kind::Foreign:
            break;
    }
    if (!had_edns && course.standings[server].silent_to_edns &&
        health.edns == ServerHealth::Edns::Unknown) {
        health.edns = ServerHealth::Edns::Broken;
        health.edns_again = now() + kWithoutEdns;
    }
    finish(course, std::move(reply.reading));
    return Outcome::Over;
}

void Forwarder::give_up_on(Course& course, const Attempt& attempt, const std::string& why) {
    const std::size_t server = attempt.server();
    course.trouble = servers_[server].server.text() + ": " + why;
    course.standings[server].out = true;
    drop(course, attempt);
    // What is still open at this server would bring the same.
    std::erase_if(course.attempts, [&](const auto& each) { return each->server() == server; });
    const bool somebody_left = std::ranges::any_of(course.standings, [&](const Standing& each) {
        const auto i = static_cast<std::size_t>(&each - course.standings.data());
        return !each.out && !course.is_asking(i);
    });
    if (somebody_left || course.all_out()) send_next(course);
}

void Forwarder::drop(Course& course, const Attempt& attempt) {
    std::erase_if(course.attempts, [&](const auto& each) { return each.get() == &attempt; });
}

void Forwarder::on_alarm(Ticket ticket) {
    const auto at = courses_.find(ticket);
    if (at == courses_.end()) return;
    Course& course = *at->second;
    if (course.all_out()) {
        Reading reading;
        reading.answer.status = Status::Failed;
        reading.answer.detail = course.trouble;
        finish(course, std::move(reading));
        return;
    }
    if (course.queries >= kMaxQueries) return;  // all that can be done is wait
    ServerHealth& health = servers_[course.last_server];
    if (++health.silences == kSilencesToRest) health.rests_until = now() + kRest;
    course.wait *= 2;
    send_next(course);
}

void Forwarder::finish(Course& course, Reading reading) {
    const auto at = courses_.find(course.ticket);
    const std::unique_ptr<Course> owned = std::move(at->second);
    courses_.erase(at);
    owned->done(std::move(reading));
}

}  // namespace postern::dns
