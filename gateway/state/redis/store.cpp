#include "gateway/state/redis/store.hpp"

#include <algorithm>
#include <set>

#include "gateway/state/rules.hpp"

namespace postern::state {
namespace {

using Steady = std::chrono::steady_clock;

// SET with NX and GET together would do, from Redis 7 on.
constexpr const char* kPutIfAbsent =
    "local v = redis.call('GET', KEYS[1]) if v then return v end "
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return ARGV[1]";
// As text: Lua's numbers would lose digits beyond 2^53. The life is set where there is none, so
// that a counter can never stay for ever.
constexpr const char* kAdd =
    "if ARGV[1] == '0' then local v = redis.call('GET', KEYS[1]) "
    "if v and not string.match(v, '^%-?%d+$') then "
    "return redis.error_reply('ERR value is not an integer') end return v or '0' end "
    "redis.call('INCRBY', KEYS[1], ARGV[1]) "
    "if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end "
    "return redis.call('GET', KEYS[1])";
constexpr std::size_t kScanStep = 500;

std::string milliseconds_of(std::chrono::seconds life) {
    return std::to_string(std::chrono::milliseconds(life).count());
}

RedisCommand addition(const std::string& name, std::int64_t amount, std::chrono::seconds window) {
    return {"EVAL", kAdd, "1", name, std::to_string(amount), milliseconds_of(window)};
}

/// A prefix as a pattern that means just it.
std::string pattern_of(std::string_view prefix) {
    std::string pattern;
    for (const char c : prefix) {
        if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos) pattern += '\\';
        pattern += c;
    }
    return pattern + '*';
}

}  // namespace

RedisStore::RedisStore(RedisSettings settings)
    : settings_(std::move(settings)), pool_(settings_.address, settings_.connections) {}

std::optional<RedisError> RedisStore::connect() {
    if (auto failure = pool_.look_up()) return failure;
    const std::vector<RedisCommand> ping{{"PING"}};
    const auto replies = pool_.run(ping, Steady::now() + settings_.timeout);
    if (!replies) return replies.error();
    if ((*replies)[0].kind != RedisReply::Kind::Error) return std::nullopt;
    return RedisError{"answers \"" + (*replies)[0].text + '"', false};
}

std::string RedisStore::name(std::string_view key) const {
    return settings_.prefix + std::string(key);
}

StateError RedisStore::unavailable(const std::string& what) {
    errors_.fetch_add(1, std::memory_order_relaxed);
    return {settings_.address.text() + ": " + what};
}

StateError RedisStore::judge(const RedisReply& error) {
    const auto says = [&](std::string_view words) {
        return error.text.find(words) != std::string::npos;
    };
    if (says("not an integer") || says("would overflow")) {
        return {"the entry is no counter, or would leave 64 bits", StateFault::Misuse};
    }
    return unavailable("answers \"" + error.text + '"');
}

Outcome<std::vector<RedisReply>, StateError> RedisStore::run(std::span<const RedisCommand> commands,
                                                             Deadline deadline) {
    operations_.fetch_add(1, std::memory_order_relaxed);
    auto replies = pool_.run(commands, deadline);
    if (!replies) return Failure{unavailable(replies.error().detail)};
    for (const RedisReply& reply : *replies) {
        if (reply.kind == RedisReply::Kind::Error) return Failure{judge(reply)};
    }
    return std::move(replies).value();
}

Outcome<RedisReply, StateError> RedisStore::run(RedisCommand command) {
    const std::vector<RedisCommand> one{std::move(command)};
    auto replies = run(one, Steady::now() + settings_.timeout);
    if (!replies) return Failure{replies.error()};
    return std::move(std::move(replies).value().front());
}

Outcome<std::optional<std::string>, StateError> RedisStore::get(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    auto reply = run({"GET", name(key)});
    if (!reply) return Failure{reply.error()};
    if (reply->kind == RedisReply::Kind::Nil) return std::optional<std::string>();
    return std::optional(std::move(reply).value().text);
}

Outcome<Done, StateError> RedisStore::put(std::string_view key, std::string_view value,
                                          std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    const auto reply = run({"SET", name(key), std::string(value), "PX", milliseconds_of(life)});
    if (!reply) return Failure{reply.error()};
    return Done{};
}

Outcome<std::string, StateError> RedisStore::put_if_absent(std::string_view key,
                                                           std::string_view value,
                                                           std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    auto reply =
        run({"EVAL", kPutIfAbsent, "1", name(key), std::string(value), milliseconds_of(life)});
    if (!reply) return Failure{reply.error()};
    if (reply->kind != RedisReply::Kind::Text) return Failure{unavailable("answers no text")};
    return std::move(reply).value().text;
}

Outcome<bool, StateError> RedisStore::remove(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    const auto reply = run({"DEL", name(key)});
    if (!reply) return Failure{reply.error()};
    return reply->integer > 0;
}

Outcome<std::int64_t, StateError> RedisStore::add(std::string_view key, std::int64_t amount,
                                                  std::chrono::seconds window) {
    const Addition one{std::string(key), amount, window};
    const auto sums = add_all(std::span(&one, 1));
    if (!sums) return Failure{sums.error()};
    return sums->front();
}

Outcome<std::vector<std::int64_t>, StateError> RedisStore::add_all(
    std::span<const Addition> additions) {
    std::vector<RedisCommand> commands;
    for (const Addition& each : additions) {
        if (auto wrong = check_addition(each.key, each.window)) return Failure{*wrong};
        commands.push_back(addition(name(each.key), each.amount, each.window));
    }
    std::vector<std::int64_t> sums;
    if (commands.empty()) return sums;
    const auto replies = run(commands, Steady::now() + settings_.timeout);
    if (!replies) return Failure{replies.error()};
    for (const RedisReply& reply : *replies) {
        const auto sum = add_to(reply.text, 0);
        if (!sum) return Failure{sum.error()};
        sums.push_back(*sum);
    }
    return sums;
}

Outcome<Done, StateError> RedisStore::append_entries(const std::vector<std::string>& keys,
                                                     Deadline deadline,
                                                     std::vector<Entry>& entries) {
    std::vector<RedisCommand> commands;
    for (const std::string& key : keys) {
        commands.push_back({"GET", key});
        commands.push_back({"PTTL", key});
    }
    if (commands.empty()) return Done{};
    const auto replies = run(commands, deadline);
    if (!replies) return Failure{replies.error()};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const RedisReply& value = (*replies)[2 * i];
        const std::int64_t left = (*replies)[2 * i + 1].integer;
        if (value.kind != RedisReply::Kind::Text || left <= 0) continue;  // ended meanwhile
        entries.push_back({keys[i].substr(settings_.prefix.size()), value.text,
                           std::chrono::seconds((left + 999) / 1000)});
    }
    return Done{};
}

Outcome<std::vector<Entry>, StateError> RedisStore::list(std::string_view prefix,
                                                         std::size_t most) {
    const Deadline deadline = Steady::now() + kListTimeout;
    const std::string pattern = pattern_of(name(prefix));
    std::set<std::string> seen;  // a scan may tell a key twice
    std::vector<Entry> entries;
    std::string cursor = "0";
    most = std::min(most, kMaxList);
    do {
        const std::vector<RedisCommand> scan{
            {"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(kScanStep)}};
        const auto replies = run(scan, deadline);
        if (!replies) return Failure{replies.error()};
        const RedisReply& page = replies->front();
        if (page.list.size() != 2) return Failure{unavailable("answers no page of keys")};
        cursor = page.list[0].text;
        std::vector<std::string> keys;
        for (const RedisReply& key : page.list[1].list) {
            if (seen.insert(key.text).second) keys.push_back(key.text);
        }
        const auto done = append_entries(keys, deadline, entries);
        if (!done) return Failure{done.error()};
    } while (cursor != "0" && entries.size() < most);
    if (entries.size() > most) entries.resize(most);
    return entries;
}

Figures RedisStore::figures() const {
    Figures figures;
    figures.operations = operations_.load(std::memory_order_relaxed);
    figures.errors = errors_.load(std::memory_order_relaxed);
    return figures;
}

}  // namespace postern::state
