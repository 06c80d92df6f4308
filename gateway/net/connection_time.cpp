/// @file What time means to a connection: tasks of its dialogue, timeouts, and how many bytes a
/// client owes us while it is waited for.

#include <algorithm>
#include <utility>

#include "gateway/net/connection_guard.hpp"
#include "gateway/net/reactor.hpp"

namespace postern::net {
namespace {

constexpr std::chrono::seconds kLinger{2};

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
    if (!one || !other) return one ? one : other;
    return std::min(*one, *other);
}

}  // namespace

void Connection::after(std::chrono::milliseconds delay, std::function<void()> task) {
    const TimePoint due = std::chrono::steady_clock::now() + delay;
    const auto later = [](TimePoint time, const Task& each) { return time < each.due; };
    tasks_.insert(std::upper_bound(tasks_.begin(), tasks_.end(), due, later),
                  Task{due, std::move(task)});
}

Timer::Post Connection::post() const {
    return [inbox = inbox_, id = id(), dialogue = dialogue_number_](std::function<void()> task) {
        inbox->post([id, dialogue, task = std::move(task)](Reactor& reactor) {
            reactor.post(id, dialogue, task);
        });
    };
}

void Connection::on_post(std::uint64_t dialogue, const std::function<void()>& task, TimePoint now) {
    if (!dialogue_ || dialogue != dialogue_number_) return;
    guarded(task);
    work(now);
}

void Connection::run_tasks(TimePoint now) {
    bool ran = false;
    while (!tasks_.empty() && tasks_.front().due <= now) {
        const auto task = std::move(tasks_.front().run);
        tasks_.erase(tasks_.begin());
        guarded(task);
        ran = true;
    }
    if (ran) work(now);
}

void Connection::on_deadline(TimePoint now) {
    run_tasks(now);
    if (finished()) return;
    const auto limit = time_limit();
    const bool late = limit && *limit <= now;
    if (!late && !too_slow(now)) return;
    ending_ = late ? Ending::Timeout : Ending::TooSlow;
    if (phase_ == Phase::Proxy && surroundings_.observer.refused) {
        surroundings_.observer.refused(Refusal::Proxy);
    }
    if (phase_ != Phase::Talking || !output_.empty()) {
        finish();  // no use to say more to who does not listen
        return;
    }
    session_.close(late ? smtp::Reply{421, "4.4.2", "Timeout"}
                        : smtp::Reply{421, "4.4.2", "Too slow"});
    work(now);
}

/// Lets the clock run for what the client is waited for, and for that only.
void Connection::keep_pace(TimePoint now) {
    const bool talking = phase_ == Phase::Talking && session_.state() != smtp::State::Closed;
    const bool blocked = talking && !output_.empty();
    const bool waiting = talking && output_.empty() && !answer_due_ && !paused_;
    const bool message = waiting && session_.receiving();
    const bool command = waiting && !session_.receiving() && session_.has_partial_command();
    const auto keep = [now](Pace& pace, bool runs) { runs ? pace.run(now) : pace.stop(now); };
    if (!session_.receiving()) message_pace_.forget();
    if (talking && output_.empty()) write_pace_.forget();
    keep(message_pace_, message);
    keep(command_pace_, command);
    keep(write_pace_, blocked);
}

bool Connection::too_slow(TimePoint now) {
    const Rates& rates = surroundings_.rates;
    const auto misses = [&](Pace& pace, std::uint32_t rate) {
        const auto end = pace.deadline(rates.window, rate);
        return end && *end <= now && !pace.next_window(now, rates.window, rate);
    };
    return misses(message_pace_, rates.message) || misses(command_pace_, rates.command) ||
           misses(write_pace_, rates.message);
}

std::optional<TimePoint> Connection::pace_limit() const {
    const Rates& rates = surroundings_.rates;
    return earlier(earlier(message_pace_.deadline(rates.window, rates.message),
                           command_pace_.deadline(rates.window, rates.command)),
                   write_pace_.deadline(rates.window, rates.message));
}

std::optional<TimePoint> Connection::deadline() const {
    if (phase_ != Phase::Talking) return time_limit();
    const auto task = tasks_.empty() ? std::nullopt : std::optional(tasks_.front().due);
    return earlier(earlier(time_limit(), pace_limit()), task);
}

std::optional<TimePoint> Connection::time_limit() const {
    const Timeouts& timeouts = surroundings_.timeouts;
    switch (phase_) {
        case Phase::Proxy:
            return since_ + timeouts.proxy;
        case Phase::FirstHandshake:
        case Phase::Handshake:
            return since_ + timeouts.handshake;
        case Phase::Lingering:
            return since_ + kLinger;
        case Phase::Finished:
            return std::nullopt;
        case Phase::Talking:
            return talking_limit();
    }
    return std::nullopt;
}

std::optional<TimePoint> Connection::talking_limit() const {
    const Timeouts& timeouts = surroundings_.timeouts;
    if (output_.empty() && (answer_due_ || paused_)) {
        return std::nullopt;  // the dialogue has deadlines of its own
    }
    std::chrono::milliseconds patience = timeouts.command;
    if (!output_.empty()) {
        patience = timeouts.write;
    } else if (session_.receiving()) {
        patience = timeouts.data;
    } else if (surroundings_.load->overload()) {
        patience = std::min(patience, timeouts.overload_command);
    }
    const TimePoint due = since_ + patience;
    if (timeouts.session.count() == 0) return due;
    return std::min(due, began_ + timeouts.session);
}

}  // namespace postern::net
