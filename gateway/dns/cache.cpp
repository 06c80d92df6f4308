#include "gateway/dns/cache.hpp"

#include <utility>

namespace postern::dns {
namespace {

/// Heap bytes of a text; short ones live in the object itself.
std::size_t heap(const std::string& text) {
    return text.capacity() > 15 ? text.capacity() + 1 : 0;
}

std::size_t cost_of(const Answer& answer) {
    std::size_t cost = answer.addresses.capacity() * sizeof(mail::IpAddress) +
                       answer.names.capacity() * sizeof(std::string) +
                       answer.exchanges.capacity() * sizeof(Exchange) +
                       answer.texts.capacity() * sizeof(std::string) +
                       answer.tlsa.capacity() * sizeof(TlsaRecord) + heap(answer.canonical);
    for (const std::string& name : answer.names) cost += heap(name);
    for (const Exchange& exchange : answer.exchanges) cost += heap(exchange.host);
    for (const std::string& text : answer.texts) cost += heap(text);
    for (const TlsaRecord& record : answer.tlsa) cost += heap(record.data);
    return cost;
}

constexpr std::size_t kIndexCost = 96;  ///< list node, hash node and bucket

}  // namespace

std::optional<Answer> Cache::find(const std::string& key, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto known = by_key_.find(key);
    if (known == by_key_.end()) return std::nullopt;
    const auto entry = known->second;
    if (entry->until <= now) {
        erase(entry);
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    Answer answer = entry->answer;
    answer.ttl = std::chrono::ceil<std::chrono::seconds>(entry->until - now);
    return answer;
}

void Cache::put(const std::string& key, const Answer& answer, TimePoint now) {
    if (answer.ttl <= std::chrono::seconds(0)) return;
    Entry made{key, answer, now + answer.ttl, 0};
    made.cost = sizeof(Entry) + kIndexCost + heap(made.key) + cost_of(made.answer);
    const std::lock_guard lock(mutex_);
    if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
    if (made.cost > capacity_) return;
    while (bytes_ + made.cost > capacity_) erase(std::prev(entries_.end()));
    bytes_ += made.cost;
    entries_.push_front(std::move(made));
    by_key_.emplace(entries_.front().key, entries_.begin());
}

void Cache::erase(Entries::iterator entry) {
    bytes_ -= entry->cost;
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

Cache::Size Cache::size() const {
    const std::lock_guard lock(mutex_);
    return {entries_.size(), bytes_};
}

}  // namespace postern::dns
