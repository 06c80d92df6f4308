#pragma once

/// @file What a list of held messages asks for, and what it gets.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quarantine/record.hpp"

namespace postern::quarantine {

/// All that is set must hold. Letter case of ASCII does not matter in texts.
struct Query {
    std::string text = {};  ///< words that each begin a word of subject, sender or a recipient
    std::optional<VerdictClass> verdict = {};
    std::optional<Status> status = {};          ///< nullopt: all but Deleted
    std::string sender = {};                    ///< part of the reverse-path or a From address
    std::string recipient = {};                 ///< part of a forward-path
    std::optional<UnixMs> received_from = {};   ///< at or after
    std::optional<UnixMs> received_until = {};  ///< before
    std::size_t page_size = 50;                 ///< 1 to 500
    std::string cursor = {};                    ///< Page::next of the page before; empty: the first
    bool count_total = true;                    ///< false spares the count
};

/// Newest first by time of receipt. Messages that arrive meanwhile do not shift later pages.
struct Page {
    std::vector<Summary> records;
    std::uint64_t total = 0;  ///< that match, on all pages
    std::string next = {};    ///< cursor of the next page; empty: this is the last
};

/// What changed after a token.
struct Updates {
    std::vector<Summary> records;  ///< in their present state, in the order of their changes
    std::int64_t token = 0;        ///< ask from here next time
    bool more = false;             ///< there is more: ask again at once
    bool reset = false;            ///< records went away for good: load the list again
};

/// Held mail of each class, for /metrics and the front page.
struct Counts {
    struct Class {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
    };
    std::array<Class, 7> held = {};  ///< index: VerdictClass; status neither Released nor Deleted
    std::uint64_t released = 0;
    std::uint64_t deleted = 0;  ///< remembered without their bytes
};

}  // namespace postern::quarantine
