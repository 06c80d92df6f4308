#pragma once

/// @file What one message may cost, as configured, and what is left of it.

#include <chrono>
#include <cstdint>
#include <optional>

#include "analyzers/api/report.hpp"

namespace postern::analyzers {

/// [analysis] in postern.toml. Sent to the worker with each job; plain data, fixed size.
struct Limits {
    std::uint32_t depth = 16;                               ///< containers inside containers
    std::uint32_t objects = 2000;                           ///< objects in one message
    std::uint64_t bytes = std::uint64_t{256} << 20;         ///< unpacked in all
    std::uint64_t object_bytes = std::uint64_t{100} << 20;  ///< one unpacked object
    std::uint32_t ratio = 1000;   ///< unpacked to packed of one container, above 1 MiB unpacked
    std::uint32_t names = 10000;  ///< archive members listed, read or not
    std::uint32_t milliseconds = 20000;  ///< of the whole analysis; soft, the jail kills later

    friend bool operator==(const Limits&, const Limits&) = default;
};

/// What is left of the limits for one message. Containers share it with what they contain, so that
/// nesting cannot multiply it. Each `charge_` returns the hit when the limit is passed; the caller
/// stops there and reports the hit. Time is asked of the steady clock at most once per call.
class Budget {
public:
    using Clock = std::chrono::steady_clock;

    explicit Budget(const Limits& limits, Clock::time_point now = Clock::now())
        : limits_(limits), until_(now + std::chrono::milliseconds(limits.milliseconds)) {}

    [[nodiscard]] const Limits& limits() const { return limits_; }
    [[nodiscard]] std::optional<LimitHit> charge_bytes(std::uint64_t count);
    [[nodiscard]] std::optional<LimitHit> charge_object();
    [[nodiscard]] std::optional<LimitHit> charge_name();
    [[nodiscard]] std::optional<LimitHit> check_depth(std::uint32_t depth) const;
    [[nodiscard]] std::optional<LimitHit> check_time(Clock::time_point now = Clock::now()) const;
    /// Until the time limit; zero once it has passed.
    [[nodiscard]] std::chrono::milliseconds time_left(Clock::time_point now = Clock::now()) const;
    /// `unpacked` bytes came out of a container of `packed` bytes.
    [[nodiscard]] std::optional<LimitHit> check_ratio(std::uint64_t packed,
                                                      std::uint64_t unpacked) const;
    /// How many more bytes may be unpacked into one object now.
    [[nodiscard]] std::uint64_t room() const;
    [[nodiscard]] std::uint64_t objects() const { return objects_; }

private:
    Limits limits_;
    Clock::time_point until_;
    std::uint64_t bytes_ = 0;
    std::uint32_t objects_ = 0;
    std::uint32_t names_ = 0;
};

}  // namespace postern::analyzers
