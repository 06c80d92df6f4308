/// @file What goes away by itself: old mail, too much mail, leftovers of killed processes.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "quarantine/index/records.hpp"
#include "quarantine/store_parts.hpp"

namespace postern::quarantine {
namespace {

// Owed deliveries keep their message, however old it is.
constexpr const char* kNothingOwed =
    " NOT EXISTS(SELECT 1 FROM outbox WHERE record = records.n"
    " AND outbox.state IN ('due', 'claimed', 'needs-confirmation'))";

constexpr std::array kAllClasses = {
    VerdictClass::Clean,    VerdictClass::Unscanned,  VerdictClass::Policy, VerdictClass::Spam,
    VerdictClass::Phishing, VerdictClass::Suspicious, VerdictClass::Malware};

struct Victim {
    std::int64_t number = 0;
    std::string id;
    std::string sha256;
    const char* reason = "";
};

std::vector<Victim> victims_of(const Rows& rows, const char* reason) {
    std::vector<Victim> victims;
    for (const Row& row : rows) {
        victims.push_back({row.integer(0), row.text(1), row.text(2), reason});
    }
    return victims;
}

std::vector<Victim> too_old(Connection& connection, const Retention& policy, UnixMs now) {
    std::vector<Victim> victims;
    for (const VerdictClass verdict : kAllClasses) {
        if (victims.size() >= policy.max_removed) break;
        const auto own = policy.keep_class.find(verdict);
        const auto keep = own == policy.keep_class.end() ? policy.keep : own->second;
        const std::string sql =
            std::string(
                "SELECT n, id, sha256 FROM records WHERE class = ? AND received < ?"
                " AND status <> 'deleted' AND") +
            kNothingOwed + " ORDER BY received LIMIT ?";
        const Rows rows =
            connection.run(sql, {std::string(name(verdict)), now - keep.count(),
                                 static_cast<std::int64_t>(policy.max_removed - victims.size())});
        std::ranges::copy(victims_of(rows, "age"), std::back_inserter(victims));
    }
    return victims;
}

// A digest held twice counts twice here: simple, and on the safe side of the limit.
std::vector<Victim> too_much(Connection& connection, const Retention& policy) {
    auto bytes = static_cast<std::uint64_t>(
        connection.integer("SELECT SUM(size) FROM records WHERE status <> 'deleted'"));
    std::vector<Victim> victims;
    if (bytes <= policy.max_bytes) return victims;
    const std::string sql =
        std::string("SELECT n, id, sha256, size FROM records WHERE status <> 'deleted' AND") +
        kNothingOwed + " ORDER BY received, n LIMIT ?";
    for (const Row& row : connection.run(sql, {static_cast<std::int64_t>(policy.max_removed)})) {
        if (bytes <= policy.max_bytes) break;
        victims.push_back({row.integer(0), row.text(1), row.text(2), "size"});
        bytes -= std::min(bytes, static_cast<std::uint64_t>(row.integer(3)));
    }
    return victims;
}

std::uint64_t forget_old(Connection& connection, const Retention& policy, UnixMs now,
                         bool full_text) {
    const Rows rows = connection.run(
        "SELECT n FROM records WHERE status = 'deleted' AND received < ? ORDER BY received LIMIT ?",
        {now - policy.forget.count(), static_cast<std::int64_t>(policy.max_removed)});
    for (const Row& row : rows) forget_record(connection, row.integer(0), full_text);
    return rows.size();
}

/// Says how many lines went, in a line of its own.
std::uint64_t prune_audit(Connection& connection, const Retention& policy, UnixMs now) {
    if (policy.keep_audit.count() <= 0) return 0;
    const UnixMs from = now - policy.keep_audit.count();
    connection.run("UPDATE meta SET value = ?1 WHERE name = 'audit_from' AND value < ?1", {from});
    const std::int64_t removed = connection.change(
        "DELETE FROM audit WHERE n IN (SELECT n FROM audit WHERE time < ? ORDER BY n LIMIT ?)",
        {from, static_cast<std::int64_t>(policy.max_removed)});
    if (removed <= 0) return 0;
    append_audit(connection, now, {"retention"}, "prune-audit", "",
                 std::to_string(removed) + " lines");
    return static_cast<std::uint64_t>(removed);
}

std::chrono::system_clock::time_point at(UnixMs time) {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(time));
}

}  // namespace

Outcome<RetentionResult, StoreError> Store::retention(const Retention& policy) {
    Database& database = *parts_->database;
    const UnixMs now = database.now();
    RetentionResult result;
    using Answer = Outcome<std::vector<Victim>, StoreError>;
    const auto removed = database.write([&](Connection& connection) -> Answer {
        std::vector<Victim> victims = too_old(connection, policy, now);
        for (const Victim& victim : victims) bury_record(connection, victim.number, now);
        std::vector<Victim> more;
        if (victims.size() < policy.max_removed) {
            Retention rest = policy;
            rest.max_removed -= victims.size();
            more = too_much(connection, rest);
        }
        for (const Victim& victim : more) bury_record(connection, victim.number, now);
        std::ranges::copy(more, std::back_inserter(victims));
        for (const Victim& victim : victims) {
            append_audit(connection, now, {"retention"}, "delete", victim.id, victim.reason);
        }
        result.forgotten = forget_old(connection, policy, now, database.full_text());
        result.audit_lines = prune_audit(connection, policy, now);
        return victims;
    });
    if (!removed) return Failure{removed.error()};
    for (const Victim& victim : *removed) {
        auto erased = erase_if_unwanted(database, parts_->blobs, victim.sha256);
        if (!erased) return Failure{erased.error()};
    }
    result.removed = removed->size();
    result.more = removed->size() >= policy.max_removed || result.forgotten >= policy.max_removed ||
                  result.audit_lines >= policy.max_removed;
    return result;
}

Outcome<std::uint64_t, StoreError> Store::sweep() {
    // File times are the system clock's, whatever clock the store was given.
    const auto before = at(now_ms() - parts_->options.leftover_age.count());
    std::uint64_t removed = parts_->blobs.sweep_temporary(before);
    using Wanted = std::unordered_set<std::string>;
    const auto wanted =
        parts_->database->read([](Connection& connection) -> Outcome<Wanted, StoreError> {
            Wanted digests;
            for (const Row& row :
                 connection.run("SELECT DISTINCT sha256 FROM records WHERE status <> 'deleted'")) {
                digests.insert(row.text(0));
            }
            return digests;
        });
    if (!wanted) return Failure{wanted.error()};
    for (const std::string& digest : parts_->blobs.older_than(before)) {
        if (wanted->contains(digest)) continue;
        auto erased = erase_if_unwanted(*parts_->database, parts_->blobs, digest);
        if (!erased) return Failure{erased.error()};
        if (*erased) ++removed;
    }
    return removed;
}

Outcome<Done, StoreError> Store::sweep_if_due() {
    const UnixMs now = now_ms();
    const UnixMs age = parts_->options.leftover_age.count();
    using Answer = Outcome<bool, StoreError>;
    const auto due = parts_->database->write([&](Connection& connection) -> Answer {
        // Walking all blobs takes a while: not for every command line that opens the store.
        return connection.change(
                   "UPDATE meta SET value = ?1 WHERE name = 'swept'"
                   " AND (value <= ?2 OR value > ?1)",
                   {now, now - age}) == 1;
    });
    if (!due) return Failure{due.error()};
    if (!*due) return Done{};
    if (auto swept = sweep(); !swept) return Failure{swept.error()};
    return Done{};
}

}  // namespace postern::quarantine
