#pragma once

/// @file Answers that are still good.

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/dns/resolver.hpp"

namespace postern::dns {

/// Thread-safe. Beyond its size the answer that was not used for longest goes.
class Cache {
public:
    /// `capacity` in bytes as estimated by us, bookkeeping included; 0 keeps nothing.
    explicit Cache(std::size_t capacity) : capacity_(capacity) {}

    /// The answer with the time it has left in `ttl`.
    [[nodiscard]] std::optional<Answer> find(const std::string& key, TimePoint now);
    /// Keeps `answer` for its `ttl`; one of 0 is not kept.
    void put(const std::string& key, const Answer& answer, TimePoint now);

    struct Size {
        std::size_t answers = 0;
        std::size_t bytes = 0;
    };
    [[nodiscard]] Size size() const;

private:
    struct Entry {
        std::string key;
        Answer answer;
        TimePoint until;
        std::size_t cost = 0;
    };
    using Entries = std::list<Entry>;
    void erase(Entries::iterator entry);

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    Entries entries_;  ///< last used first
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace postern::dns
