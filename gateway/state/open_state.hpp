#pragma once

/// @file From `[state].url` to a State that never leaves its callers waiting.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/state/resilient.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct OpenOptions {
    /// Of one call to Redis, everything included: waiting for a connection, connecting, the answer.
    std::chrono::milliseconds timeout{250};
    std::chrono::milliseconds file_timeout{5000};    ///< of one call to SQLite
    std::uint64_t memory = std::uint64_t{64} << 20;  ///< bytes of "memory:" and of the stand-in
    std::uint64_t file = std::uint64_t{256} << 20;   ///< bytes of an SQLite file
    std::string prefix = "postern:";                 ///< in front of all keys in Redis
    std::uint32_t connections = 8;                   ///< to Redis, at most
    /// A corrupt SQLite file is moved aside. False for tools beside the running gateway: an error.
    bool may_replace = true;
    ResilientSettings resilience = {};
    Clock clock = system_clock_ms;  ///< of memory and SQLite; Redis has its own
};

/// `url`: "memory:", "sqlite:///folder/file", "redis://[user:password@]host[:port][/db]",
/// "unix:///folder/socket[?db=N]" (with "user:password@" behind "unix://").
/// SQLite and Redis come wrapped in Resilient. A Redis that cannot be reached is no error: the
/// State begins degraded, with an alarm. Errors: the URL, a file that cannot be used, a password
/// that Redis refuses; a sentence that says what, where and what to do, without the password.
[[nodiscard]] Outcome<std::unique_ptr<State>, StateError> open_state(const std::string& url,
                                                                     const OpenOptions& options,
                                                                     AlarmSink alarm);

/// The same store without the stand-in, for the command line: failures are seen.
[[nodiscard]] Outcome<std::unique_ptr<State>, StateError> open_store(const std::string& url,
                                                                     const OpenOptions& options,
                                                                     AlarmSink alarm);

}  // namespace postern::state
