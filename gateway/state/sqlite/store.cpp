#include "gateway/state/sqlite/store.hpp"

#include <algorithm>

#include "gateway/state/rules.hpp"
#include "gateway/state/sqlite/entries.hpp"

namespace postern::state {
namespace {

std::int64_t end_of(std::int64_t now, std::chrono::seconds life) {
    return now + std::chrono::milliseconds(life).count();
}

Outcome<std::int64_t, StateError> add_in(SqliteEntries& entries, std::int64_t now,
                                         const Addition& addition) {
    const auto before = entries.find(addition.key, now);
    const auto sum = add_to(before ? std::string_view(*before) : "0", addition.amount);
    if (!sum || addition.amount == 0) return sum;
    if (before) {
        entries.change(addition.key, std::to_string(*sum));
    } else {
        entries.put(addition.key, std::to_string(*sum), end_of(now, addition.window));
    }
    return sum;
}

}  // namespace

SqliteStore::SqliteStore(const SqliteSettings& settings, const Clock& clock, AlarmSink alarm)
    : clock_(clock), writer_(settings, clock, std::move(alarm)) {}
SqliteStore::~SqliteStore() = default;

Outcome<std::unique_ptr<SqliteStore>, StateError> SqliteStore::open(const SqliteSettings& settings,
                                                                    Clock clock, AlarmSink alarm) {
    // Not make_unique: the constructor is private, so that nobody has one that was not opened.
    std::unique_ptr<SqliteStore> store(new SqliteStore(settings, clock, std::move(alarm)));
    if (const auto failure = store->writer_.start()) return Failure{store->error(*failure)};
    return store;
}

StateError SqliteStore::error(const SqliteError& failure) {
    errors_.fetch_add(1, std::memory_order_relaxed);
    return {"state file " + writer_.file().path + ' ' + failure.detail};
}

template <class T, class Body>
Outcome<T, StateError> SqliteStore::write(Body body) {
    operations_.fetch_add(1, std::memory_order_relaxed);
    // Shared with the writing thread, which may still be at it when this caller has given up.
    const auto answer = std::make_shared<std::optional<Outcome<T, StateError>>>();
    const auto failure = writer_.perform([answer, body](SqliteEntries& entries, std::int64_t now) {
        answer->emplace(body(entries, now));
    });
    if (failure) return Failure{error(*failure)};
    return std::move(**answer);
}

template <class T, class Body>
Outcome<T, StateError> SqliteStore::read(Body body) {
    operations_.fetch_add(1, std::memory_order_relaxed);
    for (unsigned attempt = 0;; ++attempt) {
        Reader reader = borrow();
        T answer = body(*reader.entries, clock_());
        if (reader.entries->session().ok()) {
            give_back(std::move(reader));
            return answer;
        }
        const SqliteError failure = *reader.entries->session().failure();
        if (failure.kind != SqliteError::Kind::Corrupt || attempt > 0) {
            return Failure{error(failure)};
        }
        if (const auto wrong = writer_.examine()) return Failure{error(*wrong)};
    }
}

SqliteStore::Reader SqliteStore::borrow() {
    const std::uint64_t generation = writer_.generation();
    {
        const std::lock_guard lock(readers_mutex_);
        while (!readers_.empty()) {
            Reader reader = std::move(readers_.back());
            readers_.pop_back();
            if (reader.generation == generation) return reader;
        }
    }
    return {std::make_unique<SqliteEntries>(open_session(writer_.file())), generation};
}

void SqliteStore::give_back(Reader reader) {
    const std::lock_guard lock(readers_mutex_);
    if (readers_.size() < kMaxReaders && reader.generation == writer_.generation()) {
        readers_.push_back(std::move(reader));
    }
}

Outcome<std::optional<std::string>, StateError> SqliteStore::get(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    return read<std::optional<std::string>>(
        [key](SqliteEntries& entries, std::int64_t now) { return entries.find(key, now); });
}

Outcome<Done, StateError> SqliteStore::put(std::string_view key, std::string_view value,
                                           std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    return write<Done>([key = std::string(key), value = std::string(value), life](
                           SqliteEntries& entries, std::int64_t now) -> Outcome<Done, StateError> {
        entries.put(key, value, end_of(now, life));
        return Done{};
    });
}

Outcome<std::string, StateError> SqliteStore::put_if_absent(std::string_view key,
                                                            std::string_view value,
                                                            std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    return write<std::string>(
        [key = std::string(key), value = std::string(value), life](
            SqliteEntries& entries, std::int64_t now) -> Outcome<std::string, StateError> {
            if (auto older = entries.find(key, now)) return *older;
            entries.put(key, value, end_of(now, life));
            return value;
        });
}

Outcome<bool, StateError> SqliteStore::remove(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    return write<bool>([key = std::string(key)](SqliteEntries& entries,
                                                std::int64_t now) -> Outcome<bool, StateError> {
        return entries.remove(key, now);
    });
}

Outcome<std::int64_t, StateError> SqliteStore::add(std::string_view key, std::int64_t amount,
                                                   std::chrono::seconds window) {
    if (auto wrong = check_addition(key, window)) return Failure{*wrong};
    return write<std::int64_t>(
        [addition = Addition{std::string(key), amount, window}](
            SqliteEntries& entries, std::int64_t now) { return add_in(entries, now, addition); });
}

Outcome<std::vector<std::int64_t>, StateError> SqliteStore::add_all(
    std::span<const Addition> additions) {
    for (const Addition& each : additions) {
        if (auto wrong = check_addition(each.key, each.window)) return Failure{*wrong};
    }
    using Sums = std::vector<std::int64_t>;
    return write<Sums>([all = std::vector(additions.begin(), additions.end())](
                           SqliteEntries& entries, std::int64_t now) -> Outcome<Sums, StateError> {
        Sums sums;
        for (const Addition& each : all) {
            const auto sum = add_in(entries, now, each);
            if (!sum) return Failure{sum.error()};
            sums.push_back(*sum);
        }
        return sums;
    });
}

Outcome<std::vector<Entry>, StateError> SqliteStore::list(std::string_view prefix,
                                                          std::size_t most) {
    return read<std::vector<Entry>>([prefix, most](SqliteEntries& entries, std::int64_t now) {
        return entries.list(prefix, now, std::min(most, kMaxList));
    });
}

Figures SqliteStore::figures() const {
    Figures figures = writer_.figures();
    figures.operations = operations_.load(std::memory_order_relaxed);
    figures.errors = errors_.load(std::memory_order_relaxed);
    return figures;
}

}  // namespace postern::state
