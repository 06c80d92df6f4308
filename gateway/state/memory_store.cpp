#include "gateway/state/memory_store.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "gateway/state/rules.hpp"

namespace postern::state {
namespace {

constexpr std::size_t kMaxKinds = 64;         // of one part; further ones share a room
constexpr unsigned kExpiredAtOnce = 4;        // ended entries that one write clears away
constexpr std::int64_t kAlarmPause = 60'000;  // ms

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

/// FNV-1a from a secret start. Only chooses the part: a peer that could guess it would fill one
/// part early, no more.
std::uint64_t hash(std::string_view key, std::uint64_t seed) {
    std::uint64_t value = 14695981039346656037U ^ seed;
    for (const char c : key) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return value ^ (value >> 32);
}

std::int64_t milliseconds_of(std::chrono::seconds life) {
    return std::chrono::milliseconds(life).count();
}

}  // namespace

std::int64_t system_clock_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// A balanced tree, not a hash table: keys hold what peers send, and no choice of theirs makes it
/// slow.
class MemoryStore::Part {
public:
    std::mutex mutex;

    std::string* find(std::string_view key, std::int64_t now) {
        const auto found = items_.find(key);
        if (found == items_.end()) return nullptr;
        if (found->second.ends > now) return &found->second.value;
        drop(found);
        return nullptr;
    }

    void set(std::string_view key, std::string_view value, std::int64_t ends) {
        const auto old = items_.find(key);
        if (old != items_.end()) drop(old);
        Room& room = room_of(key);
        const auto made = items_.emplace(std::string(key), Item{std::string(value), ends, &room});
        room.ends.emplace(ends, made.first->first);
        grow(room, cost(*made.first));
    }

    /// The value of a counter; its length may change.
    void change(std::string_view key, std::string&& value) {
        const auto found = items_.find(key);
        if (found == items_.end()) return;
        Room& room = *found->second.room;
        shrink(room, cost(*found));
        found->second.value = std::move(value);
        grow(room, cost(*found));
    }

    bool remove(std::string_view key, std::int64_t now) {
        const auto found = items_.find(key);
        if (found == items_.end()) return false;
        const bool was = found->second.ends > now;
        drop(found);
        return was;
    }

    /// Clears away a few that have ended, then as many others as the bound demands.
    void tidy(std::int64_t now, std::uint64_t max_bytes) {
        for (auto& [kind, room] : rooms_) {
            for (unsigned n = 0; n < kExpiredAtOnce && !room.ends.empty(); ++n) {
                if (room.ends.begin()->first > now) break;
                drop_first(room);
            }
        }
        while (bytes > max_bytes && !items_.empty()) {
            drop_first(largest_room());
            ++evicted;
        }
    }

    void append(std::string_view prefix, std::int64_t now, std::size_t most,
                std::vector<Entry>& out) const {
        for (auto at = items_.lower_bound(prefix); at != items_.end(); ++at) {
            if (!std::string_view(at->first).starts_with(prefix) || out.size() >= most) return;
            const std::int64_t left = at->second.ends - now;
            if (left <= 0) continue;
            out.push_back({at->first, at->second.value, std::chrono::seconds((left + 999) / 1000)});
        }
    }

    void clear() {
        items_.clear();
        rooms_.clear();
        bytes = 0;
    }

    [[nodiscard]] std::uint64_t entries() const { return items_.size(); }

    std::uint64_t bytes = 0;
    std::uint64_t evicted = 0;

private:
    /// What one kind of entries takes.
    struct Room {
        std::uint64_t bytes = 0;
        std::set<std::pair<std::int64_t, std::string_view>> ends;  // keys are those of items_
    };
    struct Item {
        std::string value;
        std::int64_t ends;
        Room* room;
    };
    using Items = std::map<std::string, Item, std::less<>>;

    static std::uint64_t cost(const Items::value_type& item) {
        return item.first.size() + item.second.value.size() + kOverhead;
    }

    Room& room_of(std::string_view key) {
        const std::string_view kind = kind_of(key);
        const auto found = rooms_.find(kind);
        if (found != rooms_.end()) return found->second;
        return rooms_[rooms_.size() < kMaxKinds ? std::string(kind) : std::string()];
    }

    Room& largest_room() {
        const auto smaller = [](const auto& a, const auto& b) {
            return a.second.bytes < b.second.bytes;
        };
        return std::max_element(rooms_.begin(), rooms_.end(), smaller)->second;
    }

    void grow(Room& room, std::uint64_t by) {
        room.bytes += by;
        bytes += by;
    }

    void shrink(Room& room, std::uint64_t by) {
        room.bytes -= by;
        bytes -= by;
    }

    void drop(Items::iterator item) {
        Room& room = *item->second.room;
        shrink(room, cost(*item));
        room.ends.erase({item->second.ends, item->first});
        items_.erase(item);
    }

    void drop_first(Room& room) { drop(items_.find(room.ends.begin()->second)); }

    Items items_;
    std::map<std::string, Room, std::less<>> rooms_;
};

MemoryStore::MemoryStore(std::uint64_t max_bytes, Clock clock, AlarmSink alarm)
    : max_bytes_(max_bytes),
      clock_(std::move(clock)),
      alarm_(std::move(alarm)),
      seed_(random_seed()),
      parts_(std::make_unique<Part[]>(kParts)) {}
MemoryStore::~MemoryStore() = default;

MemoryStore::Part& MemoryStore::part_of(std::string_view key) const {
    return parts_[hash(key, seed_) % kParts];
}

Outcome<std::optional<std::string>, StateError> MemoryStore::get(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    operations_.fetch_add(1, std::memory_order_relaxed);
    Part& part = part_of(key);
    const std::int64_t now = clock_();
    const std::lock_guard lock(part.mutex);
    const std::string* value = part.find(key, now);
    if (value == nullptr) return std::optional<std::string>();
    return std::optional(*value);
}

Outcome<Done, StateError> MemoryStore::put(std::string_view key, std::string_view value,
                                           std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    operations_.fetch_add(1, std::memory_order_relaxed);
    Part& part = part_of(key);
    const std::int64_t now = clock_();
    std::unique_lock lock(part.mutex);
    const std::uint64_t evicted = part.evicted;
    part.set(key, value, now + milliseconds_of(life));
    part.tidy(now, max_bytes_ / kParts);
    const bool full = part.evicted != evicted;
    lock.unlock();
    if (full) tell_full(now);
    return Done{};
}

Outcome<std::string, StateError> MemoryStore::put_if_absent(std::string_view key,
                                                            std::string_view value,
                                                            std::chrono::seconds life) {
    if (auto wrong = check_value(key, value, life)) return Failure{*wrong};
    operations_.fetch_add(1, std::memory_order_relaxed);
    Part& part = part_of(key);
    const std::int64_t now = clock_();
    std::unique_lock lock(part.mutex);
    if (const std::string* older = part.find(key, now)) return *older;
    const std::uint64_t evicted = part.evicted;
    part.set(key, value, now + milliseconds_of(life));
    part.tidy(now, max_bytes_ / kParts);
    const bool full = part.evicted != evicted;
    lock.unlock();
    if (full) tell_full(now);
    return std::string(value);
}

Outcome<bool, StateError> MemoryStore::remove(std::string_view key) {
    if (auto wrong = check_key(key)) return Failure{*wrong};
    operations_.fetch_add(1, std::memory_order_relaxed);
    Part& part = part_of(key);
    const std::int64_t now = clock_();
    const std::lock_guard lock(part.mutex);
    return part.remove(key, now);
}

Outcome<std::int64_t, StateError> MemoryStore::add(std::string_view key, std::int64_t amount,
                                                   std::chrono::seconds window) {
    if (auto wrong = check_addition(key, window)) return Failure{*wrong};
    operations_.fetch_add(1, std::memory_order_relaxed);
    Part& part = part_of(key);
    const std::int64_t now = clock_();
    std::unique_lock lock(part.mutex);
    const std::string* before = part.find(key, now);
    const auto sum = add_to(before == nullptr ? std::string_view("0") : *before, amount);
    if (!sum || amount == 0) return sum;
    const std::uint64_t evicted = part.evicted;
    if (before == nullptr) {
        part.set(key, std::to_string(*sum), now + milliseconds_of(window));
    } else {
        part.change(key, std::to_string(*sum));
    }
    part.tidy(now, max_bytes_ / kParts);
    const bool full = part.evicted != evicted;
    lock.unlock();
    if (full) tell_full(now);
    return sum;
}

Outcome<std::vector<std::int64_t>, StateError> MemoryStore::add_all(
    std::span<const Addition> additions) {
    std::vector<std::int64_t> sums;
    sums.reserve(additions.size());
    for (const Addition& each : additions) {
        const auto sum = add(each.key, each.amount, each.window);
        if (!sum) return Failure{sum.error()};
        sums.push_back(*sum);
    }
    return sums;
}

Outcome<std::vector<Entry>, StateError> MemoryStore::list(std::string_view prefix,
                                                          std::size_t most) {
    std::vector<Entry> entries;
    const std::int64_t now = clock_();
    for (std::size_t i = 0; i < kParts; ++i) {
        const std::lock_guard lock(parts_[i].mutex);
        parts_[i].append(prefix, now, std::min(most, kMaxList), entries);
    }
    return entries;
}

Figures MemoryStore::figures() const {
    Figures figures;
    figures.entries = 0;
    figures.bytes = 0;
    figures.operations = operations_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < kParts; ++i) {
        const std::lock_guard lock(parts_[i].mutex);
        *figures.entries += parts_[i].entries();
        *figures.bytes += parts_[i].bytes;
        figures.evicted += parts_[i].evicted;
    }
    return figures;
}

void MemoryStore::clear() {
    for (std::size_t i = 0; i < kParts; ++i) {
        const std::lock_guard lock(parts_[i].mutex);
        parts_[i].clear();
    }
}

void MemoryStore::tell_full(std::int64_t now) {
    std::int64_t last = last_alarm_.load(std::memory_order_relaxed);
    if (!alarm_ || (last != 0 && now - last < kAlarmPause)) return;
    if (!last_alarm_.compare_exchange_strong(last, now)) return;
    alarm_({Alarm::Kind::Full, "the state in memory has reached its bound of " +
                                   std::to_string(max_bytes_) +
                                   " bytes; entries go before their end; raise state.memory"});
}

}  // namespace postern::state
