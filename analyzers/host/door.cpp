#include "analyzers/host/door.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "analyzers/api/codec.hpp"
#include "analyzers/host/connection.hpp"
#include "analyzers/host/failed_report.hpp"
#include "analyzers/host/report_stream.hpp"
#include "analyzers/host/turns.hpp"

namespace postern::host {
namespace {

using analyzers::ErrorCode;
using analyzers::Report;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{500};         // what the zygote's own kill may take
constexpr milliseconds kEndedWithin{2000};  // and how long it may be silent about it
constexpr milliseconds kPause{10};          // after a refusal

/// Refused for now.
struct Again {};
/// This analyzer cannot: another one may.
struct Elsewhere {};
using Attempt = std::variant<Report, DoorFailure, Again, Elsewhere>;

/// What one caller wants.
struct Errand {
    int message = -1;
    std::uint64_t size = 0;
    MessageKind kind = MessageKind::Message;
    analyzers::Limits limits;
    Door::Clock::time_point deadline;
};

struct Counters {
    std::atomic<std::uint64_t> reports{0};
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> crashed{0};
    std::atomic<std::uint64_t> timed_out{0};
    std::atomic<std::uint64_t> violations{0};
    std::atomic<std::uint64_t> bad_reports{0};
    std::atomic<std::uint32_t> running{0};
};

}  // namespace

struct Door::State {
    // Shared by the list here and by the threads whose jobs run over it: the last one closes it.
    using Shared = std::shared_ptr<Connection>;

    explicit State(const DoorSettings& given)
        : settings(given), turns(given.max_running), wake(::eventfd(0, EFD_CLOEXEC)) {
        if (!wake) std::abort();  // no descriptors at start
        reader = std::jthread([this] { read_events(); });
    }
    ~State() {
        stopping = true;
        nudge();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void nudge() const {
        const std::uint64_t one = 1;
        (void)!::write(wake.get(), &one, sizeof one);
    }
    void read_events();
    [[nodiscard]] std::vector<Shared> tidy();
    [[nodiscard]] Shared wait_for_connection(Clock::time_point deadline);
    void pause(Clock::time_point deadline);
    [[nodiscard]] Attempt attempt(Connection& connection, const Errand& errand);
    [[nodiscard]] Attempt judge(const Errand& errand, const sandbox::Ending& ending,
                                const std::string& bytes, bool cut_short);
    [[nodiscard]] Attempt finished(const Errand& errand, const std::string& bytes);

    DoorSettings settings;
    Turns turns;
    Counters counters;
    std::atomic<std::uint64_t> next_job{1};
    std::atomic<bool> stopping{false};
    UniqueFd wake;

    mutable std::mutex mutex;
    std::condition_variable changed;
    Shared current;
    std::vector<Shared> connections;  ///< current and those whose jobs still run
    std::jthread reader;              ///< last: it uses all the others
};

/// Forgets connections that are closed, and old ones that nobody uses any more. Copies are only
/// made under the mutex, so a count of one means that it is ours alone.
std::vector<Door::State::Shared> Door::State::tidy() {
    const std::lock_guard lock(mutex);
    if (current && !current->open()) current.reset();
    std::erase_if(connections, [&](const Shared& connection) {
        return connection->gone() || (connection != current && connection.use_count() == 1);
    });
    return connections;
}

void Door::State::read_events() {
    while (!stopping) {
        const std::vector<Shared> heard = tidy();
        std::vector<pollfd> watched = {{wake.get(), POLLIN, 0}};
        for (const Shared& each : heard) watched.push_back({each->channel(), POLLIN, 0});
        if (::poll(watched.data(), watched.size(), -1) <= 0) continue;
        if (watched[0].revents != 0) {
            std::uint64_t count = 0;
            (void)!::read(wake.get(), &count, sizeof count);
        }
        for (std::size_t i = 0; i < heard.size(); ++i) {
            if (watched[i + 1].revents != 0) heard[i]->hear();
        }
    }
}

Door::State::Shared Door::State::wait_for_connection(Clock::time_point deadline) {
    std::unique_lock lock(mutex);
    const auto usable = [&] { return current && current->open(); };
    if (!changed.wait_until(lock, deadline, usable)) return nullptr;
    return current;
}

/// Until something changes, but not long: other clients free workers without telling us.
void Door::State::pause(Clock::time_point deadline) {
    std::unique_lock lock(mutex);
    changed.wait_until(lock, std::min(deadline, Clock::now() + kPause));
}

Attempt Door::State::attempt(Connection& connection, const Errand& errand) {
    const auto now = Clock::now();
    const auto left = std::chrono::duration_cast<milliseconds>(errand.deadline - now);
    if (left.count() <= 0) return DoorFailure::Late;
    const milliseconds wall = std::min(left, settings.wall_time);
    auto stream = make_report_stream();
    if (!stream) return DoorFailure::Unavailable;

    Connection::Job job(connection, next_job++);
    sandbox::Start start;
    start.wall_ms = static_cast<std::uint32_t>(wall.count());
    start.job = job.id();
    start.size = errand.size;
    start.parameters = pack({.kind = errand.kind, .limits = errand.limits});
    if (!connection.start(start, errand.message, stream->writer.get())) {
        connection.retire();
        return Elsewhere{};
    }
    stream->writer.reset();

    const auto until = now + wall + kGrace;
    std::string bytes;
    const StreamEnd end = read_report(stream->reader.get(), until, bytes);
    stream->reader.reset();
    if (end != StreamEnd::Closed) connection.cancel(job);
    const auto patience = std::max(until, Clock::now()) + kEndedWithin;
    const auto happened = connection.wait(job, patience);
    if (happened && std::holds_alternative<Lost>(*happened)) {
        ++counters.lost;
        return Elsewhere{};
    }
    if (const auto* refusal = happened ? std::get_if<sandbox::Refusal>(&*happened) : nullptr) {
        if (*refusal == sandbox::Refusal::Draining) connection.retire();
        return *refusal == sandbox::Refusal::Malformed ? Attempt(DoorFailure::Unavailable)
                                                       : Attempt(Again{});
    }
    if (end == StreamEnd::TooLong) {
        ++counters.bad_reports;
        return failed_report(errand.message, errand.size, errand.kind, ErrorCode::Resource,
                             "the worker's report was over its limit");
    }
    // A worker that was given less than its due because the wait was long is not to blame.
    const bool cut_short = wall < settings.wall_time && wall.count() < errand.limits.milliseconds;
    return judge(errand,
                 happened ? std::get<sandbox::Ending>(*happened)
                          : sandbox::Ending{sandbox::Cause::Deadline, 0},
                 bytes, cut_short);
}

Attempt Door::State::judge(const Errand& errand, const sandbox::Ending& ending,
                           const std::string& bytes, bool cut_short) {
    using sandbox::Cause;
    switch (ending.cause) {
        case Cause::Finished:
            return finished(errand, bytes);
        case Cause::Unprepared:
            return Elsewhere{};  // our own failure, whatever the message
        case Cause::CpuLimit:
        case Cause::Deadline:
        case Cause::Cancelled:
            if (cut_short) return DoorFailure::Late;
            ++counters.timed_out;
            break;
        case Cause::Forbidden:
            ++counters.violations;
            break;
        case Cause::Failed:
        case Cause::Aborted:
        case Cause::Killed:
        case Cause::Crashed:
            ++counters.crashed;
            break;
    }
    return failed_report(errand.message, errand.size, errand.kind, ending);
}

Attempt Door::State::finished(const Errand& errand, const std::string& bytes) {
    auto report = analyzers::decode(bytes);
    if (report) {
        ++counters.reports;
        return std::move(report).value();
    }
    ++counters.bad_reports;
    return failed_report(
        errand.message, errand.size, errand.kind, ErrorCode::Crash,
        "the worker's report is not valid: " + std::string(analyzers::describe(report.error())));
}

Door::Door(const DoorSettings& settings) : state_(std::make_unique<State>(settings)) {}
Door::~Door() = default;

void Door::set_channel(UniqueFd channel) {
    auto connection = std::make_shared<Connection>(std::move(channel));
    {
        const std::lock_guard lock(state_->mutex);
        state_->connections.push_back(connection);
        state_->current = std::move(connection);
    }
    state_->changed.notify_all();
    state_->nudge();
}

Outcome<Report, DoorFailure> Door::analyze(int message, std::uint64_t size, MessageKind kind,
                                           const analyzers::Limits& limits,
                                           Clock::time_point deadline) {
    State& state = *state_;
    if (!state.turns.enter(deadline)) return Failure{DoorFailure::Late};
    const struct Place {
        explicit Place(State& s) : state(s) { ++state.counters.running; }
        ~Place() {
            --state.counters.running;
            state.turns.leave();
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        State& state;
    } place(state);
    const Errand errand{message, size, kind, limits, deadline};
    // It may be this message that kills analyzers: it gets two of them, not more.
    for (int analyzers_left = 2; analyzers_left > 0;) {
        const State::Shared connection = state.wait_for_connection(deadline);
        if (!connection) break;
        Attempt attempt = state.attempt(*connection, errand);
        if (auto* report = std::get_if<Report>(&attempt)) return std::move(*report);
        if (const auto* failure = std::get_if<DoorFailure>(&attempt)) return Failure{*failure};
        if (std::holds_alternative<Elsewhere>(attempt)) --analyzers_left;
        state.pause(deadline);
        if (Clock::now() >= deadline) return Failure{DoorFailure::Late};
    }
    return Failure{DoorFailure::Unavailable};
}

DoorFigures Door::figures() const {
    const State& state = *state_;
    DoorFigures figures;
    figures.running = state.counters.running;
    figures.waiting = state.turns.waiting();
    figures.reports = state.counters.reports;
    figures.lost = state.counters.lost;
    figures.crashed = state.counters.crashed;
    figures.timed_out = state.counters.timed_out;
    figures.violations = state.counters.violations;
    figures.bad_reports = state.counters.bad_reports;
    const std::lock_guard lock(state.mutex);
    figures.open = state.current && state.current->open();
    if (figures.open) figures.idle = state.current->idle();
    return figures;
}

}  // namespace postern::host
