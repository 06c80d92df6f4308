#include "quarantine/tallies.hpp"

#include "quarantine/index/database.hpp"

namespace postern::quarantine {
namespace {

std::int64_t open_since(Connection& connection) {
    return connection.integer("SELECT value FROM meta WHERE name = 'tallies_begun'");
}

/// False: there is no such row in the open period.
bool count_again(Connection& connection, const Tally& tally) {
    return connection.change(
               "UPDATE tallies SET count = count + ?"
               " WHERE closed = 0 AND subject = ? AND row = ?",
               {static_cast<std::int64_t>(tally.count), tally.subject, tally.row}) > 0;
}

void count_first(Connection& connection, const Tally& tally) {
    connection.run("INSERT INTO tallies(closed, begun, subject, row, count) VALUES (0, 0, ?, ?, ?)",
                   {tally.subject, tally.row, static_cast<std::int64_t>(tally.count)});
}

}  // namespace

Outcome<std::uint64_t, StoreError> Tallies::add(const std::vector<Tally>& tallies,
                                                std::uint64_t most) {
    const UnixMs now = database_.now();
    using Answer = Outcome<std::uint64_t, StoreError>;
    return database_.write([&](Connection& connection) -> Answer {
        connection.run(
            "INSERT OR IGNORE INTO meta VALUES ('tallies_begun', ?), ('tallies_open', 0)", {now});
        const auto open = static_cast<std::uint64_t>(
            connection.integer("SELECT value FROM meta WHERE name = 'tallies_open'"));
        std::uint64_t fresh = 0;
        std::uint64_t refused = 0;
        for (const Tally& each : tallies) {
            if (count_again(connection, each)) continue;
            if (open + fresh >= most) {
                refused += each.count;
                continue;
            }
            count_first(connection, each);
            ++fresh;
        }
        connection.run("UPDATE meta SET value = ? WHERE name = 'tallies_open'",
                       {static_cast<std::int64_t>(open + fresh)});
        return refused;
    });
}

Outcome<UnixMs, StoreError> Tallies::begun() const {
    return database_.read([](Connection& connection) -> Outcome<UnixMs, StoreError> {
        return open_since(connection);
    });
}

Outcome<bool, StoreError> Tallies::close(UnixMs before) {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        const UnixMs begun = open_since(connection);
        // A clock that was set back must not end a period before it began.
        if (begun == 0 || begun > before || now <= begun) return false;
        connection.run("UPDATE tallies SET closed = ?, begun = ? WHERE closed = 0", {now, begun});
        connection.run("UPDATE meta SET value = ? WHERE name = 'tallies_begun'", {now});
        connection.run("UPDATE meta SET value = 0 WHERE name = 'tallies_open'");
        return true;
    });
}

Outcome<std::vector<TallyPeriod>, StoreError> Tallies::closed(std::size_t limit) const {
    using Answer = Outcome<std::vector<TallyPeriod>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        std::vector<TallyPeriod> found;
        for (const Row& row :
             connection.run("SELECT DISTINCT begun, closed, subject FROM tallies WHERE closed > 0"
                            " ORDER BY closed, subject LIMIT ?",
                            {static_cast<std::int64_t>(limit)})) {
            found.push_back({row.integer(0), row.integer(1), row.text(2)});
        }
        return found;
    });
}

Outcome<std::vector<Tally>, StoreError> Tallies::rows(const TallyPeriod& period,
                                                      std::size_t limit) const {
    using Answer = Outcome<std::vector<Tally>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        std::vector<Tally> found;
        for (const Row& row :
             connection.run("SELECT row, count FROM tallies WHERE closed = ? AND subject = ?"
                            " ORDER BY count DESC, row LIMIT ?",
                            {period.end, period.subject, static_cast<std::int64_t>(limit)})) {
            found.push_back(
                {period.subject, row.text(0), static_cast<std::uint64_t>(row.integer(1))});
        }
        return found;
    });
}

Outcome<Done, StoreError> Tallies::remove(const TallyPeriod& period) {
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        connection.run("DELETE FROM tallies WHERE closed = ? AND subject = ?",
                       {period.end, period.subject});
        return Done{};
    });
}

}  // namespace postern::quarantine
