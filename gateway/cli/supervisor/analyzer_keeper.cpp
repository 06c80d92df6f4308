#include "gateway/cli/supervisor/analyzer_keeper.hpp"

#include <algorithm>
#include <utility>

namespace postern::cli {

using host::GenerationState;

AnalyzerKeeper::AnalyzerKeeper(std::string program, std::chrono::milliseconds load_timeout,
                               Hooks hooks)
    : program_(std::move(program)), load_timeout_(load_timeout), hooks_(std::move(hooks)) {}

void AnalyzerKeeper::reload(const host::AnalyzerSettings& settings, std::optional<RunAs> run_as,
                            Finished finished, Clock::time_point now) {
    pending_.reset();
    settings_ = settings;
    run_as_ = run_as;
    if (finished) finished_.push_back(std::move(finished));
    start_pending(now);
}

void AnalyzerKeeper::start_pending(Clock::time_point now) {
    restart_.reset();
    back_off_.started(now);
    std::optional<host::RunAs> run_as;
    if (run_as_) run_as = host::RunAs{run_as_->uid, run_as_->gid};
    auto started = host::Generation::start(program_, settings_, run_as);
    if (!started) {
        refuse("cannot start " + program_ + ": " + started.error(), now);
        return;
    }
    pending_ = std::move(started).value();
    pending_until_ = now + load_timeout_;
}

std::vector<int> AnalyzerKeeper::watches() const {
    std::vector<int> descriptors;
    const auto add = [&](const host::Generation& generation) {
        descriptors.push_back(generation.channel_fd());
        descriptors.push_back(generation.process_fd());
    };
    if (current_) add(*current_);
    if (pending_) add(*pending_);
    for (const auto& each : draining_) add(*each);
    descriptors.erase(std::remove(descriptors.begin(), descriptors.end(), -1), descriptors.end());
    return descriptors;
}

std::optional<AnalyzerKeeper::Clock::time_point> AnalyzerKeeper::when() const {
    if (pending_) return pending_until_;
    return restart_;
}

void AnalyzerKeeper::pump(Clock::time_point now) {
    if (current_ && current_->pump()) hooks_.connect_clients();
    for (auto& each : draining_) (void)each->pump();
    std::erase_if(draining_,
                  [](const auto& each) { return each->state() == GenerationState::Gone; });
    if (current_ && current_->state() == GenerationState::Gone) {
        hooks_.tell("analyzer_gone", current_->why());
        current_.reset();
        if (!pending_) restart_ = now + back_off_.died(now);
    }
    if (pending_) {
        (void)pending_->pump();
        if (pending_->state() == GenerationState::Ready) {
            take_over();
        } else if (pending_->state() == GenerationState::Gone) {
            refuse(pending_->why(), now);
        } else if (now >= pending_until_) {
            refuse("not ready within " + std::to_string(load_timeout_.count()) + " ms", now);
        }
    }
    if (restart_ && now >= *restart_) start_pending(now);
}

void AnalyzerKeeper::take_over() {
    if (current_) {
        current_->drain();
        draining_.push_back(std::move(current_));
    }
    current_ = std::move(pending_);
    ++number_;
    hooks_.tell("analyzer_ready", current_->status());
    hooks_.connect_clients();
    tell_finished("");
}

void AnalyzerKeeper::tell_finished(const std::string& refusal) {
    for (const Finished& each : std::exchange(finished_, {})) each(refusal);
}

/// By value: `why` is often the pending one's own, which goes first.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void AnalyzerKeeper::refuse(std::string why, Clock::time_point now) {
    pending_.reset();
    hooks_.tell("analyzer_refused", why);
    tell_finished(why);
    if (!current_) restart_ = now + back_off_.died(now);
}

std::optional<UniqueFd> AnalyzerKeeper::connect() {
    if (!current_) return std::nullopt;
    return current_->connect();
}

bool AnalyzerKeeper::ready() const {
    return current_ && current_->state() == GenerationState::Ready;
}

std::vector<pid_t> AnalyzerKeeper::processes() const {
    std::vector<pid_t> all;
    if (current_) all.push_back(current_->process());
    if (pending_) all.push_back(pending_->process());
    for (const auto& each : draining_) all.push_back(each->process());
    return all;
}

std::string AnalyzerKeeper::status() const {
    return current_ ? current_->status() : "{}";
}

}  // namespace postern::cli
