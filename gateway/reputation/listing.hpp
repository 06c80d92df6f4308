#pragma once

/// @file What lists say.

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/settings/lists.hpp"

namespace postern::reputation {

using settings::ListSubject;

/// Somebody lists it.
struct Listing {
    std::string list;     ///< name in the settings
    std::string subject;  ///< what was looked up: "192.0.2.1", "example.org", a URL, a digest
    std::string value;    ///< "127.0.0.4" of a DNS list; the entry of a file or feed
    double weight = 0;    ///< points; below 0 from an allow list
    std::string reason;   ///< the list's own words, not cleaned; may be empty
    bool authoritative = false;  ///< the operator trusts this list alone

    friend bool operator==(const Listing&, const Listing&) = default;
};

/// A list that could not be asked, or whose answer means nothing. Never "not listed".
struct Unknown {
    std::string list;
    std::string subject;
    std::string why;

    friend bool operator==(const Unknown&, const Unknown&) = default;
};

struct ListAnswer {
    std::vector<Listing> listings;  ///< by list, in the order of the settings
    std::vector<Unknown> unknowns;

    [[nodiscard]] double weight() const {
        double sum = 0;
        for (const Listing& each : listings) sum += each.weight;
        return sum;
    }
    void add(ListAnswer other) {
        for (Listing& each : other.listings) listings.push_back(std::move(each));
        for (Unknown& each : other.unknowns) unknowns.push_back(std::move(each));
    }
    friend bool operator==(const ListAnswer&, const ListAnswer&) = default;
};

/// Something an operator has to know. Told once when it begins and once when it is over.
struct Alarm {
    std::string list;
    std::string what;   ///< a sentence
    bool over = false;  ///< the trouble has ended
};

enum class SourceKind : std::uint8_t { Dns, File, Feed };

/// One list, for /metrics.
struct ListFigures {
    std::string list;
    SourceKind kind = SourceKind::Dns;
    std::uint64_t lookups = 0;      ///< subjects looked up
    std::uint64_t hits = 0;         ///< of them listed
    std::uint64_t unknowns = 0;     ///< of them: could not be told
    bool suspended = false;         ///< nothing of it counts now
    std::uint64_t entries = 0;      ///< of files and feeds
    std::int64_t age_seconds = -1;  ///< of a feed's last successful fetch; -1: never, or no feed
};

}  // namespace postern::reputation
