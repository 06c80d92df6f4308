#include "gateway/state/redis/pool.hpp"

#include <utility>

namespace postern::state {

RedisPool::RedisPool(RedisAddress address, std::uint32_t most)
    : address_(std::move(address)), most_(most) {}

std::optional<RedisError> RedisPool::look_up() {
    auto places = resolve(address_);
    if (!places) return RedisError{"its name cannot be resolved: " + places.error(), false};
    const std::lock_guard lock(mutex_);
    places_ = std::move(places).value();
    return std::nullopt;
}

Outcome<RedisPool::Connection, RedisError> RedisPool::borrow(Deadline deadline) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [this] { return in_use_ < most_; })) {
        return Failure{RedisError{"all connections are in use", false}};
    }
    ++in_use_;
    while (!idle_.empty()) {
        Connection connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->fresh()) return connection;
    }
    const std::vector<SocketAddress> places = places_;
    lock.unlock();
    auto made = RedisConnection::open(address_, places, deadline);
    if (!made) give_back(nullptr);
    return made;
}

void RedisPool::give_back(Connection connection) {
    std::vector<Connection> dead;
    {
        const std::lock_guard lock(mutex_);
        --in_use_;
        if (connection) {
            idle_.push_back(std::move(connection));
        } else {
            dead.swap(idle_);
        }
    }
    freed_.notify_one();
}

Outcome<std::vector<RedisReply>, RedisError> RedisPool::run(std::span<const RedisCommand> commands,
                                                            Deadline deadline) {
    auto borrowed = borrow(deadline);
    if (!borrowed) return Failure{borrowed.error()};
    Connection connection = std::move(borrowed).value();
    auto replies = connection->run(commands, deadline);
    if (!replies) {
        give_back(nullptr);
        return Failure{RedisError{replies.error(), false}};
    }
    give_back(std::move(connection));
    return std::move(replies).value();
}

}  // namespace postern::state
