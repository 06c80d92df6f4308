#pragma once

/// @file What the gateway remembers between connections, shared by all gateways on one store:
/// counters, bans, the greylist, caches. Small values under text keys, each with an end of life.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::state {

/// Milliseconds since 1970, UTC.
using Clock = std::function<std::int64_t()>;
[[nodiscard]] std::int64_t system_clock_ms();

/// Unavailable: the store cannot be asked now. Misuse: the store is well and refuses the call (a
/// key too long, a counter that is none): asking another store would not help.
enum class StateFault : std::uint8_t { Unavailable, Misuse };

/// The store cannot be asked now. Whoever asks has to say what that means; nothing may be let
/// through or refused because a counter could not be read as if it had been read.
struct StateError {
    std::string detail;  ///< for the operator; never holds a password
    StateFault fault = StateFault::Unavailable;
};

/// One step of add_all(). `amount` 0 reads the counter and makes none.
struct Addition {
    std::string key;
    std::int64_t amount = 1;
    std::chrono::seconds window{60};
};

struct Entry {
    std::string key;
    std::string value;
    std::chrono::seconds left{0};  ///< rounded up
};

/// For metrics. Cheap: kept by the store, never asked of it.
struct Figures {
    std::optional<std::uint64_t> entries;  ///< nullopt: not known (a server shared with others)
    std::optional<std::uint64_t> bytes;
    std::uint64_t operations = 0;  ///< calls since the start
    std::uint64_t errors = 0;      ///< of them failed as Unavailable
    std::uint64_t evicted = 0;     ///< entries that went before their end, to make room
    std::uint64_t outages = 0;     ///< times the shared store was given up
    bool degraded = false;         ///< the local store stands in for the shared one
};

/// What somebody should look at. Called on any thread, also inside a call of State: must be quick
/// and must not use the State.
struct Alarm {
    enum class Kind : std::uint8_t {
        Degraded,   ///< the shared store failed; the local one stands in
        Recovered,  ///< the shared store is used again
        Replaced,   ///< a corrupt file was moved aside and a fresh one begun
        Full,       ///< entries go before their end; at most once a minute
    };
    Kind kind = Kind::Degraded;
    std::string detail;  ///< a sentence for the operator, without passwords
};
using AlarmSink = std::function<void(const Alarm&)>;

inline constexpr std::size_t kMaxKey = 512;                      ///< bytes
inline constexpr std::size_t kMaxValue = std::size_t{64} << 10;  ///< bytes
inline constexpr std::chrono::seconds kMinLife{1};               ///< of a value
inline constexpr std::chrono::seconds kMaxLife = std::chrono::hours(24 * 3660);
inline constexpr std::size_t kMaxList = 100'000;  ///< entries of one list()

/// Keys are "kind:rest", of any bytes, at most kMaxKey; values at most kMaxValue. Thread-safe.
/// Calls take at most the store's timeout and are made on decision threads, unless may_wait() says
/// that no thread is needed. A call that failed may or may not have had its effect.
class State {
public:
    virtual ~State() = default;

    /// False: no call but list() ever waits for a disk, a network or another process, so that a
    /// reactor may make it. The same for the whole life of a store.
    [[nodiscard]] virtual bool may_wait() const { return true; }

    [[nodiscard]] virtual Outcome<std::optional<std::string>, StateError> get(
        std::string_view key) = 0;
    /// Replaces. `life` is kMinLife to kMaxLife.
    [[nodiscard]] virtual Outcome<Done, StateError> put(std::string_view key,
                                                        std::string_view value,
                                                        std::chrono::seconds life) = 0;
    /// Puts only where nothing is. The value that is there afterwards: `value`, or an older one.
    [[nodiscard]] virtual Outcome<std::string, StateError> put_if_absent(
        std::string_view key, std::string_view value, std::chrono::seconds life) = 0;
    /// True when there was something to remove.
    [[nodiscard]] virtual Outcome<bool, StateError> remove(std::string_view key) = 0;
    /// Adds to a counter in one step and returns the sum. The counter begins at 0 and ends `window`
    /// after its first addition. get() reads it as decimal text. Misuse: what is there is no whole
    /// number, or the sum leaves 64 bits.
    [[nodiscard]] virtual Outcome<std::int64_t, StateError> add(std::string_view key,
                                                                std::int64_t amount,
                                                                std::chrono::seconds window) = 0;
    /// Several additions for the price of one call; each is one step, all of them are not. The
    /// sums, in the same order.
    [[nodiscard]] virtual Outcome<std::vector<std::int64_t>, StateError> add_all(
        std::span<const Addition> additions) = 0;
    /// Entries whose keys begin with `prefix` ("ban:"), at most `most`, in no order. Walks the
    /// whole store: for people and for hand-over, not for mail.
    [[nodiscard]] virtual Outcome<std::vector<Entry>, StateError> list(std::string_view prefix,
                                                                       std::size_t most) = 0;
    [[nodiscard]] virtual Figures figures() const = 0;
};

}  // namespace postern::state
