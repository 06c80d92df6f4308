#pragma once

/// @file Counts that go into periodic reports: what happened under a subject, alike things counted
/// together, period by period. The store does not know what the texts mean.

#include <cstdint>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

class Database;

/// `count` things that are alike.
struct Tally {
    std::string subject = {};  ///< whom the report is for
    std::string row = {};
    std::uint64_t count = 1;

    friend bool operator==(const Tally&, const Tally&) = default;
};

/// A closed period of one subject.
struct TallyPeriod {
    UnixMs begin = 0;
    UnixMs end = 0;  ///< the first moment behind it
    std::string subject = {};

    friend bool operator==(const TallyPeriod&, const TallyPeriod&) = default;
};

/// All functions may be called from any thread and any process, and block on the database. What
/// they did is on the disk when they answer.
class Tallies {
public:
    explicit Tallies(Database& database) : database_(database) {}

    /// Counts into the open period, which begins with the first call ever. New rows beyond `most`
    /// in the open period are not kept; the answer is how many things were not counted.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> add(const std::vector<Tally>& tallies,
                                                         std::uint64_t most);
    /// When the open period began; 0: never.
    [[nodiscard]] Outcome<UnixMs, StoreError> begun() const;
    /// Ends the open period now, if it began at `before` or earlier, and begins the next. Of
    /// several processes that try, one does it. The answer is whether this one did.
    [[nodiscard]] Outcome<bool, StoreError> close(UnixMs before);
    /// Closed periods, oldest first; at most `limit`.
    [[nodiscard]] Outcome<std::vector<TallyPeriod>, StoreError> closed(std::size_t limit) const;
    /// The rows of one, at most `limit`, those that count most first.
    [[nodiscard]] Outcome<std::vector<Tally>, StoreError> rows(const TallyPeriod& period,
                                                               std::size_t limit) const;
    [[nodiscard]] Outcome<Done, StoreError> remove(const TallyPeriod& period);

private:
    Database& database_;
};

}  // namespace postern::quarantine
