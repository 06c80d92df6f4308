#include "gateway/state/redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <system_error>

namespace postern::state {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kMaxErrorText = 200;

std::string words_of(int error) {
    return std::system_category().message(error);
}

/// Waits for `events`; false when the deadline comes first.
bool wait(int descriptor, short events, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
        if (left.count() <= 0) return false;
        pollfd one{descriptor, events, 0};
        const int ready =
            ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return true;  // reading or writing will say why
    }
}

Outcome<UniqueFd, std::string> connect_to(const SocketAddress& place, Deadline deadline) {
    UniqueFd socket(
        ::socket(place.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return Failure{words_of(errno)};
    const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&place.storage));
    if (::connect(socket.get(), address, place.length) == 0) return socket;
    if (errno != EINPROGRESS) return Failure{words_of(errno)};
    if (!wait(socket.get(), POLLOUT, deadline)) return Failure{std::string("no answer in time")};
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return Failure{words_of(error)};
    return socket;
}

std::string printable(std::string_view text) {
    std::string clean(text.substr(0, kMaxErrorText));
    for (char& c : clean) {
        if (c < ' ' || c > '~') c = '?';
    }
    return clean;
}

RedisReply reply_of(const redisReply& raw) {
    RedisReply reply;
    switch (raw.type) {
        case REDIS_REPLY_INTEGER:
            reply.kind = RedisReply::Kind::Integer;
            reply.integer = raw.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.kind = RedisReply::Kind::Text;
            reply.text.assign(raw.str, raw.len);
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = RedisReply::Kind::Error;
            reply.text = printable({raw.str, raw.len});
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = RedisReply::Kind::List;
            for (std::size_t i = 0; i < raw.elements; ++i) {
                reply.list.push_back(reply_of(*raw.element[i]));
            }
            break;
        default:
            break;
    }
    return reply;
}

bool append(std::string& bytes, const RedisCommand& command) {
    std::vector<const char*> words;
    std::vector<std::size_t> lengths;
    for (const std::string& word : command) {
        words.push_back(word.data());
        lengths.push_back(word.size());
    }
    char* formatted = nullptr;
    const int size = ::redisFormatCommandArgv(&formatted, static_cast<int>(words.size()),
                                              words.data(), lengths.data());
    if (size < 0) return false;
    const std::unique_ptr<char, decltype(&std::free)> owner(formatted, &std::free);
    bytes.append(formatted, static_cast<std::size_t>(size));
    return true;
}

}  // namespace

/// hiredis's own way of making replies, but for lists: it makes room for as many elements as the
/// server announces, and clears it away one by one.
struct RedisConnection::Reader {
    static constexpr int kMaxElements = 100'000;

    Reader() : parser(::redisReaderCreate(), &::redisReaderFree) {
        if (!parser) throw std::bad_alloc();
        plain = *parser->fn;
        limited = plain;
        limited.createArray = &make_array;
        parser->fn = &limited;
        parser->privdata = &plain;
    }
    static void* make_array(const redisReadTask* task, int elements) {
        if (elements > kMaxElements) return nullptr;
        const auto* functions = static_cast<const redisReplyObjectFunctions*>(task->privdata);
        return functions->createArray(task, elements);
    }

    redisReplyObjectFunctions plain{};
    redisReplyObjectFunctions limited{};
    std::unique_ptr<redisReader, decltype(&::redisReaderFree)> parser;
};

RedisConnection::RedisConnection(UniqueFd socket)
    : socket_(std::move(socket)), reader_(std::make_unique<Reader>()) {}
RedisConnection::~RedisConnection() = default;

Outcome<std::unique_ptr<RedisConnection>, RedisError> RedisConnection::open(
    const RedisAddress& address, const std::vector<SocketAddress>& places, Deadline deadline) {
    std::string why = "its name has no address";
    for (const SocketAddress& place : places) {
        auto socket = connect_to(place, deadline);
        if (!socket) {
            why = socket.error();
            continue;
        }
        const int on = 1;  // of no meaning to a UNIX socket, and no failure there
        static_cast<void>(
            ::setsockopt(socket.value().get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
        std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(socket).value()));
        const auto greeted = connection->greet(address, deadline);
        if (!greeted) return Failure{greeted.error()};
        return connection;
    }
    return Failure{RedisError{"cannot be reached: " + why, false}};
}

Outcome<Done, RedisError> RedisConnection::greet(const RedisAddress& address, Deadline deadline) {
    std::vector<RedisCommand> commands;
    if (!address.password.empty()) {
        RedisCommand& login = commands.emplace_back(RedisCommand{"AUTH"});
        if (!address.user.empty()) login.push_back(address.user);
        login.push_back(address.password);
    }
    if (address.database != 0) {
        commands.push_back({"SELECT", std::to_string(address.database)});
    }
    commands.push_back({"PING"});
    const auto replies = run(commands, deadline);
    if (!replies) return Failure{RedisError{replies.error(), false}};
    for (const RedisReply& reply : *replies) {
        if (reply.kind != RedisReply::Kind::Error) continue;
        const auto says = [&](std::string_view word) {
            return reply.text.find(word) != std::string::npos;
        };
        // LOADING, MASTERDOWN and the like pass; a wrong password does not.
        const bool refused = says("WRONGPASS") || says("NOAUTH") || says("NOPERM") ||
                             says("invalid password") || says("without any password") ||
                             says("DB index") || says("invalid DB");
        return Failure{RedisError{"answers \"" + reply.text + '"', refused}};
    }
    return Done{};
}

bool RedisConnection::fresh() const {
    pollfd one{socket_.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 0;
}

Outcome<Done, std::string> RedisConnection::send(const std::string& bytes, Deadline deadline) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t wrote =
            ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (wrote >= 0) {
            sent += static_cast<std::size_t>(wrote);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait(socket_.get(), POLLOUT, deadline))
                return Failure{std::string("no answer in time")};
        } else if (errno != EINTR) {
            return Failure{words_of(errno)};
        }
    }
    return Done{};
}

Outcome<std::vector<RedisReply>, std::string> RedisConnection::run(
    std::span<const RedisCommand> commands, Deadline deadline) {
    std::string bytes;
    for (const RedisCommand& command : commands) {
        if (!append(bytes, command)) return Failure{std::string("a command cannot be written")};
    }
    const auto sent = send(bytes, deadline);
    if (!sent) return Failure{sent.error()};

    std::vector<RedisReply> replies;
    std::array<char, 16384> buffer{};
    std::size_t total = 0;
    while (replies.size() < commands.size()) {
        void* raw = nullptr;
        if (::redisReaderGetReply(reader_->parser.get(), &raw) != REDIS_OK) {
            return Failure{std::string("what it says is not Redis's protocol")};
        }
        if (raw != nullptr) {
            const std::unique_ptr<void, decltype(&::freeReplyObject)> owner(raw,
                                                                            &::freeReplyObject);
            replies.push_back(reply_of(*static_cast<const redisReply*>(raw)));
            continue;
        }
        if (!wait(socket_.get(), POLLIN, deadline))
            return Failure{std::string("no answer in time")};
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got == 0) return Failure{std::string("it closed the connection")};
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) continue;
        if (got < 0) return Failure{words_of(errno)};
        total += static_cast<std::size_t>(got);
        if (total > kMaxReply) return Failure{std::string("its answer is too long")};
        if (::redisReaderFeed(reader_->parser.get(), buffer.data(),
                              static_cast<std::size_t>(got)) != REDIS_OK) {
            return Failure{std::string("its answer does not fit in memory")};
        }
    }
    return replies;
}

}  // namespace postern::state
