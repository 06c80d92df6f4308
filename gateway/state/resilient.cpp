#include "gateway/state/resilient.hpp"

#include <algorithm>

namespace postern::state {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view kProbe = "probe:state";
constexpr std::chrono::seconds kProbeLife{60};

}  // namespace

Resilient::Resilient(std::unique_ptr<State> shared, std::unique_ptr<MemoryStore> local,
                     ResilientSettings settings, AlarmSink alarm, Reconnect reconnect)
    : shared_(std::move(shared)),
      local_(std::move(local)),
      settings_(std::move(settings)),
      alarm_(std::move(alarm)),
      reconnect_(std::move(reconnect)),
      watcher_([this] { watch(); }) {}

Resilient::~Resilient() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    watcher_.join();
}

template <class Call>
auto Resilient::ask(Call call) -> decltype(call(std::declval<State&>())) {
    if (!degraded_.load(std::memory_order_acquire)) {
        auto answer = call(*shared_);
        if (answer || answer.error().fault == StateFault::Misuse) {
            // Written only where it changes: all threads read it.
            if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0);
            return answer;
        }
        failed(answer.error());
    }
    return call(*local_);
}

void Resilient::failed(const StateError& error) {
    if (failures_.fetch_add(1) + 1 >= settings_.failures) give_up(error.detail);
}

void Resilient::give_up(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (degraded_.load() || ending_) return;
        degraded_.store(true, std::memory_order_release);
        outages_.fetch_add(1);
    }
    wake_.notify_all();
    if (!alarm_) return;
    alarm_({Alarm::Kind::Degraded,
            "the shared state is given up (" + why +
                "); limits, bans, greylist and caches are those of this gateway alone until it is "
                "back"});
}

Outcome<std::optional<std::string>, StateError> Resilient::get(std::string_view key) {
    return ask([&](State& store) { return store.get(key); });
}

Outcome<Done, StateError> Resilient::put(std::string_view key, std::string_view value,
                                         std::chrono::seconds life) {
    return ask([&](State& store) { return store.put(key, value, life); });
}

Outcome<std::string, StateError> Resilient::put_if_absent(std::string_view key,
                                                          std::string_view value,
                                                          std::chrono::seconds life) {
    return ask([&](State& store) { return store.put_if_absent(key, value, life); });
}

Outcome<bool, StateError> Resilient::remove(std::string_view key) {
    // Also here, or what is lifted would come back with the next carrying over.
    const auto here = local_->remove(key);
    const auto answer = ask([&](State& store) { return store.remove(key); });
    if (here && *here && answer) return true;
    return answer;
}

Outcome<std::int64_t, StateError> Resilient::add(std::string_view key, std::int64_t amount,
                                                 std::chrono::seconds window) {
    return ask([&](State& store) { return store.add(key, amount, window); });
}

Outcome<std::vector<std::int64_t>, StateError> Resilient::add_all(
    std::span<const Addition> additions) {
    return ask([&](State& store) { return store.add_all(additions); });
}

Outcome<std::vector<Entry>, StateError> Resilient::list(std::string_view prefix, std::size_t most) {
    return ask([&](State& store) { return store.list(prefix, most); });
}

Figures Resilient::figures() const {
    const Figures local = local_->figures();
    Figures figures = shared_->figures();
    figures.degraded = degraded_.load();
    figures.outages = outages_.load();
    figures.evicted += local.evicted;
    figures.operations += local.operations;
    if (figures.degraded) {
        figures.entries = local.entries;
        figures.bytes = local.bytes;
    }
    return figures;
}

// ---- the watching thread

void Resilient::watch() {
    std::chrono::milliseconds pause = settings_.first_retry;
    Steady::time_point returned = Steady::now() - settings_.last_retry;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return ending_ || degraded_.load(); });
            if (ending_) return;
        }
        // A store that comes and goes is not asked any faster for coming back.
        if (Steady::now() - returned >= settings_.last_retry) pause = settings_.first_retry;
        while (sleep(pause) && !works()) pause = std::min(pause * 2, settings_.last_retry);
        {
            const std::lock_guard lock(mutex_);
            if (ending_) return;
        }
        return_to_shared();
        returned = Steady::now();
        pause = std::min(pause * 2, settings_.last_retry);
    }
}

/// False: the end has come.
bool Resilient::sleep(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return ending_; });
}

bool Resilient::works() {
    if (reconnect_) reconnect_();
    return shared_->put(kProbe, "1", kProbeLife).has_value();
}

void Resilient::return_to_shared() {
    failures_.store(0);
    degraded_.store(false, std::memory_order_release);
    carry_over();  // now, that nothing more is added here
    if (alarm_) alarm_({Alarm::Kind::Recovered, "the shared state is back and in use"});
}

void Resilient::carry_over() {
    for (const std::string& kind : settings_.carried) {
        const auto entries = local_->list(kind, settings_.carried_most);
        if (!entries) continue;
        for (const Entry& entry : *entries) {
            // Gone again: what is left stays here, and is carried the next time.
            if (degraded_.load()) return;
            const auto put =
                shared_->put_if_absent(entry.key, entry.value, std::max(entry.left, kMinLife));
            if (!put) return failed(put.error());
        }
    }
    local_->clear();
}

}  // namespace postern::state
