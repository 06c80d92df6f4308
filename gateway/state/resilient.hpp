#pragma once

/// @file Keeps mail flowing while the shared store is away: a local memory store stands in.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/state/memory_store.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct ResilientSettings {
    std::uint32_t failures = 3;  ///< in a row before the shared store is given up
    std::chrono::milliseconds first_retry{500};
    std::chrono::milliseconds last_retry{30'000};  ///< the pause doubles up to this
    /// Kinds of entries made during an outage that the shared store gets when it is back, where it
    /// has none of its own. Counters are not carried: the limits were counted per gateway.
    std::vector<std::string> carried = {"ban:", "grey:", "greyhost:", "seen:"};
    std::size_t carried_most = 20'000;  ///< entries of each kind
};

/// Degradation: a call that the shared store fails is answered by the local one. After `failures`
/// in a row every call goes to the local store at once, so that a dead store costs a few timeouts
/// and not one a call; a thread of its own tries the shared store with growing pauses. Meanwhile
/// limits, bans, greylist and caches are those of this gateway alone, and begin empty: refusals
/// come later, and somebody who waited may have to wait once more; no mail is lost by that. When
/// the shared store is back it gets what was made meanwhile (ResilientSettings::carried).
/// remove() goes to both.
class Resilient final : public State {
public:
    /// Run on the thread of this class before it tries the shared store again; may take seconds.
    /// Null: nothing is needed.
    using Reconnect = std::function<void()>;

    Resilient(std::unique_ptr<State> shared, std::unique_ptr<MemoryStore> local,
              ResilientSettings settings, AlarmSink alarm, Reconnect reconnect);
    ~Resilient() override;
    Resilient(const Resilient&) = delete;
    Resilient& operator=(const Resilient&) = delete;

    [[nodiscard]] Outcome<std::optional<std::string>, StateError> get(
        std::string_view key) override;
    [[nodiscard]] Outcome<Done, StateError> put(std::string_view key, std::string_view value,
                                                std::chrono::seconds life) override;
    [[nodiscard]] Outcome<std::string, StateError> put_if_absent(
        std::string_view key, std::string_view value, std::chrono::seconds life) override;
    [[nodiscard]] Outcome<bool, StateError> remove(std::string_view key) override;
    [[nodiscard]] Outcome<std::int64_t, StateError> add(std::string_view key, std::int64_t amount,
                                                        std::chrono::seconds window) override;
    [[nodiscard]] Outcome<std::vector<std::int64_t>, StateError> add_all(
        std::span<const Addition> additions) override;
    [[nodiscard]] Outcome<std::vector<Entry>, StateError> list(std::string_view prefix,
                                                               std::size_t most) override;
    [[nodiscard]] Figures figures() const override;

    /// Gives the shared store up at once; for a start without it.
    void give_up(const std::string& why);

private:
    template <class Call>
    auto ask(Call call) -> decltype(call(std::declval<State&>()));
    void failed(const StateError& error);
    void watch();
    bool sleep(std::chrono::milliseconds time);
    [[nodiscard]] bool works();
    void return_to_shared();
    void carry_over();

    const std::unique_ptr<State> shared_;
    const std::unique_ptr<MemoryStore> local_;
    const ResilientSettings settings_;
    const AlarmSink alarm_;
    const Reconnect reconnect_;
    std::atomic<std::uint32_t> failures_{0};  // in a row
    std::atomic<bool> degraded_{false};
    std::atomic<std::uint64_t> outages_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ending_ = false;  // guarded by mutex_
    std::thread watcher_;
};

}  // namespace postern::state
