#include "gateway/state/open_state.hpp"

#include <utility>

#include "gateway/state/memory_store.hpp"
#include "gateway/state/redis/store.hpp"
#include "gateway/state/sqlite/store.hpp"

namespace postern::state {
namespace {

constexpr std::string_view kMemory = "memory:";
constexpr std::string_view kSqlite = "sqlite:";
constexpr std::uint64_t kLeastMemory = std::uint64_t{1} << 20;

StateError wrong_url(const std::string& why) {
    // Not the URL itself, which may hold a password.
    return {"state.url " + why, StateFault::Misuse};
}

std::unique_ptr<MemoryStore> make_memory(const OpenOptions& options, AlarmSink alarm) {
    return std::make_unique<MemoryStore>(std::max(options.memory, kLeastMemory), options.clock,
                                         std::move(alarm));
}

/// "sqlite:/a", "sqlite:///a".
Outcome<std::string, StateError> sqlite_path(std::string_view url) {
    std::string_view path = url.substr(kSqlite.size());
    if (path.starts_with("//")) path.remove_prefix(2);
    if (!path.starts_with('/') || path.ends_with('/') || path.find('\0') != path.npos) {
        return Failure{
            wrong_url("names no absolute path of a file; \"sqlite:///folder/file\" is "
                      "expected")};
    }
    return std::string(path);
}

Outcome<std::unique_ptr<SqliteStore>, StateError> open_sqlite(const std::string& url,
                                                              const OpenOptions& options,
                                                              const AlarmSink& alarm) {
    const auto path = sqlite_path(url);
    if (!path) return Failure{path.error()};
    auto store = SqliteStore::open({*path, options.file, options.file_timeout, options.may_replace},
                                   options.clock, alarm);
    if (store) return store;
    StateError error = store.error();
    error.detail += options.may_replace
                        ? "; the folder has to be there and writable for this user"
                        : "; a running gateway replaces a damaged file at its next use";
    return Failure{std::move(error)};
}

Outcome<std::unique_ptr<RedisStore>, StateError> make_redis(const std::string& url,
                                                            const OpenOptions& options) {
    auto address = parse_redis_url(url);
    if (!address) return Failure{wrong_url(address.error())};
    return std::make_unique<RedisStore>(RedisSettings{std::move(address).value(), options.prefix,
                                                      options.timeout, options.connections});
}

StateError refused(const RedisStore& store, const RedisError& error) {
    std::string sentence = store.where() + ": " + error.detail;
    if (error.refused) sentence += "; correct user, password and database in state.url";
    return {std::move(sentence), error.refused ? StateFault::Misuse : StateFault::Unavailable};
}

bool is_redis(const std::string& url) {
    return url.starts_with("redis:") || url.starts_with("rediss:") || url.starts_with("unix:");
}

}  // namespace

Outcome<std::unique_ptr<State>, StateError> open_state(const std::string& url,
                                                       const OpenOptions& options,
                                                       AlarmSink alarm) {
    if (url == kMemory) return std::unique_ptr<State>(make_memory(options, std::move(alarm)));
    if (url.starts_with(kSqlite)) {
        auto store = open_sqlite(url, options, alarm);
        if (!store) return Failure{store.error()};
        return std::unique_ptr<State>(
            std::make_unique<Resilient>(std::move(store).value(), make_memory(options, alarm),
                                        options.resilience, alarm, nullptr));
    }
    if (!is_redis(url)) {
        return Failure{
            wrong_url("begins with none of \"memory:\", \"sqlite:\", \"redis:\" and "
                      "\"unix:\"")};
    }
    auto made = make_redis(url, options);
    if (!made) return Failure{made.error()};
    std::unique_ptr<RedisStore> store = std::move(made).value();
    const auto failure = store->connect();
    if (failure && failure->refused) return Failure{refused(*store, *failure)};
    const std::string why = failure ? refused(*store, *failure).detail : std::string();
    RedisStore* const redis = store.get();  // lives as long as the Resilient that gets it
    auto state = std::make_unique<Resilient>(std::move(store), make_memory(options, alarm),
                                             options.resilience, alarm,
                                             [redis] { static_cast<void>(redis->connect()); });
    if (failure) state->give_up(why);
    return std::unique_ptr<State>(std::move(state));
}

Outcome<std::unique_ptr<State>, StateError> open_store(const std::string& url,
                                                       const OpenOptions& options,
                                                       AlarmSink alarm) {
    if (url.starts_with(kSqlite)) {
        auto store = open_sqlite(url, options, alarm);
        if (!store) return Failure{store.error()};
        return std::unique_ptr<State>(std::move(store).value());
    }
    if (!is_redis(url)) return open_state(url, options, std::move(alarm));
    auto made = make_redis(url, options);
    if (!made) return Failure{made.error()};
    std::unique_ptr<RedisStore> store = std::move(made).value();
    if (const auto failure = store->connect()) return Failure{refused(*store, *failure)};
    return std::unique_ptr<State>(std::move(store));
}

}  // namespace postern::state
