#pragma once

/// @file One connection to Redis. connection.cpp is the only file that includes hiredis, of which
/// it uses the writing of commands and the reading of replies; sockets and deadlines are ours,
/// since hiredis has time-outs for one read, not for a call. Private to gateway/state.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/state/redis/address.hpp"

namespace postern::state {

using Deadline = std::chrono::steady_clock::time_point;
using RedisCommand = std::vector<std::string>;

struct RedisReply {
    enum class Kind : std::uint8_t { Nil, Integer, Text, Error, List };
    Kind kind = Kind::Nil;
    std::int64_t integer = 0;
    std::string text;  ///< of Text and Error
    std::vector<RedisReply> list;
};

struct RedisError {
    std::string detail;
    bool refused = false;  ///< user, password or database are wrong: trying again is no use
};

class RedisConnection {
public:
    static constexpr std::size_t kMaxReply = std::size_t{64} << 20;  ///< bytes of one run()

    /// Connects to the first of `places` that answers, and says who we are.
    [[nodiscard]] static Outcome<std::unique_ptr<RedisConnection>, RedisError> open(
        const RedisAddress& address, const std::vector<SocketAddress>& places, Deadline deadline);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    /// Sends all commands at once and reads as many replies; some of them may be errors. After a
    /// failure the connection is of no more use: a late reply would be taken for the next one's.
    [[nodiscard]] Outcome<std::vector<RedisReply>, std::string> run(
        std::span<const RedisCommand> commands, Deadline deadline);

    /// False: the server has closed it, or said something unasked.
    [[nodiscard]] bool fresh() const;

private:
    struct Reader;
    explicit RedisConnection(UniqueFd socket);
    [[nodiscard]] Outcome<Done, std::string> send(const std::string& bytes, Deadline deadline);
    [[nodiscard]] Outcome<Done, RedisError> greet(const RedisAddress& address, Deadline deadline);

    UniqueFd socket_;
    std::unique_ptr<Reader> reader_;
};

}  // namespace postern::state
