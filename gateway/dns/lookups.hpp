#pragma once

/// @file Questions on their way: equal ones go out once, each asker has its own deadline, aliases
/// that a server did not follow are followed. Loop thread only.

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "gateway/dns/cache.hpp"
#include "gateway/dns/loop.hpp"
#include "gateway/dns/source.hpp"

namespace postern::dns {

struct Asked {
    std::string name;  ///< wire form
    RecordType type = RecordType::A;
    TimePoint deadline;
    Resolver::Done done;
};

/// How long answers are kept.
struct TtlBounds {
    std::chrono::seconds min;
    std::chrono::seconds max;
    std::chrono::seconds negative_max;
};

class Lookups {
public:
    Lookups(const Loop& loop, Source& source, Cache& cache, TtlBounds bounds)
        : loop_(loop), source_(source), cache_(cache), bounds_(bounds) {}

    [[nodiscard]] static std::string key(const std::string& name, RecordType type);

    void add(Asked asked);
    /// Answers everybody Failed.
    void end_all(const std::string& why);

private:
    struct Asker {
        Resolver::Done done;
        std::unique_ptr<Alarm> alarm;
    };
    struct Lookup {
        std::string key;
        RecordType type = RecordType::A;
        Source::Ticket ticket = 0;
        std::list<Asker> askers;
        std::size_t aliases = 0;
        // Over all packets of one chain of aliases.
        std::uint32_t ttl = 0;
        bool secure = true;
        bool may_be_kept = true;
    };

    void start(Lookup& lookup, const std::string& name);
    void on_reading(const std::string& key, Reading reading);
    void follow(Lookup& lookup, const Reading& reading);
    void on_late(const std::string& key, const Asker* asker);
    void settle(const std::string& key, const Answer& answer);
    [[nodiscard]] std::chrono::seconds bounded_ttl(const Lookup& lookup, Status status) const;

    const Loop& loop_;
    Source& source_;
    Cache& cache_;
    const TtlBounds bounds_;
    std::unordered_map<std::string, Lookup> lookups_;
};

}  // namespace postern::dns
