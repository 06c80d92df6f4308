#pragma once

/// @file What the gateway remembers between connections, shared by all gateways on one store:
/// counters, bans, the greylist, caches. Small values under text keys, each with an end of life.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::state {

/// The store cannot be asked now. Whoever asks has to say what that means; nothing may be let
/// through or refused because a counter could not be read as if it had been read.
struct StateError {
    std::string detail;  ///< for the operator
};

/// Keys are "kind:rest", at most 512 bytes; values at most 64 KiB. Thread-safe. Calls may take as
/// long as the store's timeout and are made on decision threads, never on a reactor.
class State {
public:
    virtual ~State() = default;

    [[nodiscard]] virtual Outcome<std::optional<std::string>, StateError> get(
        std::string_view key) = 0;
    /// Replaces. `life` is at least a second.
    [[nodiscard]] virtual Outcome<Done, StateError> put(std::string_view key,
                                                        std::string_view value,
                                                        std::chrono::seconds life) = 0;
    /// Puts only where nothing is. The value that is there afterwards: `value`, or an older one.
    [[nodiscard]] virtual Outcome<std::string, StateError> put_if_absent(
        std::string_view key, std::string_view value, std::chrono::seconds life) = 0;
    [[nodiscard]] virtual Outcome<Done, StateError> remove(std::string_view key) = 0;
    /// Adds to a counter in one step and returns the sum. The counter begins at 0 and ends `window`
    /// after its first addition.
    [[nodiscard]] virtual Outcome<std::int64_t, StateError> add(std::string_view key,
                                                                std::int64_t amount,
                                                                std::chrono::seconds window) = 0;
};

}  // namespace postern::state
