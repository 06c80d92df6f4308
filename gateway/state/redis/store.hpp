#pragma once

/// @file "redis://", "unix:": one server for all gateways.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/state/redis/pool.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct RedisSettings {
    RedisAddress address;
    std::string prefix = "postern:";         ///< in front of every key
    std::chrono::milliseconds timeout{250};  ///< of one call, everything included
    std::uint32_t connections = 8;
};

/// Every entry has an end of life of Redis's own; the server's memory bound is its
/// `maxmemory`, and its policy should be `volatile-ttl`, which removes what ends first. What takes
/// two steps is a script there, so that it is one.
class RedisStore final : public State {
public:
    static constexpr std::chrono::seconds kListTimeout{10};  ///< of list()

    explicit RedisStore(RedisSettings settings);

    /// Looks the name up and says hello. May take seconds; again after an outage, for the server
    /// may have moved.
    [[nodiscard]] std::optional<RedisError> connect();
    /// "redis://host:port/db"
    [[nodiscard]] std::string where() const { return settings_.address.text(); }

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
    /// Entries and bytes are not known: the server may be shared with others.
    [[nodiscard]] Figures figures() const override;

private:
    [[nodiscard]] Outcome<std::vector<RedisReply>, StateError> run(
        std::span<const RedisCommand> commands, Deadline deadline);
    [[nodiscard]] Outcome<RedisReply, StateError> run(RedisCommand command);
    [[nodiscard]] Outcome<Done, StateError> append_entries(const std::vector<std::string>& keys,
                                                           Deadline deadline,
                                                           std::vector<Entry>& entries);
    [[nodiscard]] std::string name(std::string_view key) const;
    StateError unavailable(const std::string& what);
    StateError judge(const RedisReply& error);

    const RedisSettings settings_;
    RedisPool pool_;
    std::atomic<std::uint64_t> operations_{0};
    std::atomic<std::uint64_t> errors_{0};
};

}  // namespace postern::state
