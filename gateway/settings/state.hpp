#pragma once

/// @file [state]: where counters, bans, greylist and caches are kept.

#include <chrono>
#include <cstdint>
#include <string>

namespace postern::settings {

class KeyReader;

struct State {
    /// "memory:", "sqlite:///folder/file", "redis://[user:password@]host[:port][/db]",
    /// "unix:///folder/socket". Only the form is checked here; gateway/state opens it.
    std::string url = "memory:";
    std::chrono::milliseconds timeout = std::chrono::milliseconds(250);  ///< of a call to Redis
    std::chrono::milliseconds file_timeout = std::chrono::seconds(5);    ///< of a call to SQLite
    std::uint64_t memory = std::uint64_t{64} << 20;  ///< bytes of "memory:" and of the stand-in
    std::uint64_t file = std::uint64_t{256} << 20;   ///< bytes of an SQLite file
    std::string prefix = "postern:";                 ///< in front of all keys in Redis
    std::uint32_t connections = 8;                   ///< to Redis, at most
};

/// Throws ConfigError.
void read_state(KeyReader& keys, State& state);

}  // namespace postern::settings
