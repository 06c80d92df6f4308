#pragma once

/// @file Connections to one Redis, shared by threads. Private to gateway/state.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/state/redis/connection.hpp"

namespace postern::state {

class RedisPool {
public:
    /// `most` connections at once; further callers wait for one, within their deadline.
    RedisPool(RedisAddress address, std::uint32_t most);

    /// Asks the resolver where the server is. May take seconds.
    [[nodiscard]] std::optional<RedisError> look_up();
    /// Runs commands on some connection, made new where none is idle. A failure closes it, and all
    /// idle ones: they go to the same server.
    [[nodiscard]] Outcome<std::vector<RedisReply>, RedisError> run(
        std::span<const RedisCommand> commands, Deadline deadline);
    [[nodiscard]] const RedisAddress& address() const { return address_; }

private:
    using Connection = std::unique_ptr<RedisConnection>;
    [[nodiscard]] Outcome<Connection, RedisError> borrow(Deadline deadline);
    void give_back(Connection connection);

    const RedisAddress address_;
    const std::uint32_t most_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Connection> idle_;       // guarded by mutex_
    std::uint32_t in_use_ = 0;           // likewise
    std::vector<SocketAddress> places_;  // likewise
};

}  // namespace postern::state
