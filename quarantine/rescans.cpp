#include "quarantine/rescans.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "quarantine/index/database.hpp"
#include "quarantine/index/records.hpp"

namespace postern::quarantine {
namespace {

constexpr const char* kRescan = "rescan";  // in the audit log

/// The row number of a record whose bytes are there.
Outcome<std::int64_t, StoreError> held_record(Connection& connection, const QuarantineId& id) {
    const std::int64_t number = find_record(connection, id);
    if (number == 0) return Failure{StoreError{StoreErrorKind::NotFound, "no such message"}};
    if (connection.integer("SELECT status = 'deleted' FROM records WHERE n = ?", {number}) != 0) {
        return Failure{StoreError{StoreErrorKind::Conflict, "the message was deleted"}};
    }
    return number;
}

bool fits(const Rescan& rescan) {
    const auto too_long = [](const std::string& text) { return text.size() > kMaxField; };
    return rescan.report_json.size() <= kMaxReportJson && rescan.reasons.size() <= kMaxRecipients &&
           std::ranges::none_of(rescan.reasons, too_long);
}

std::string in_words(const Rescan& rescan) {
    std::array<char, 32> score{};
    std::snprintf(score.data(), score.size(), "%.4g", rescan.score);
    return std::string(name(rescan.verdict)) + ", " + std::string(name(rescan.action)) +
           ", score " + score.data();
}

}  // namespace

Outcome<Done, StoreError> Rescans::keep(const QuarantineId& id, const Rescan& rescan,
                                        const Actor& who) {
    if (!fits(rescan))
        return Failure{StoreError{StoreErrorKind::Invalid, "the report is too long"}};
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        const auto number = held_record(connection, id);
        if (!number) return Failure{number.error()};
        Rescan kept = rescan;
        kept.time = now;
        kept.who = who.name;
        put_rescan(connection, *number, kept);
        connection.run("DELETE FROM rescan_wishes WHERE record = ?", {*number});
        touch_record(connection, *number);
        append_audit(connection, now, who, kRescan, id.text(), in_words(rescan));
        return Done{};
    });
}

Outcome<bool, StoreError> Rescans::ask(const QuarantineId& id, const Actor& who) {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        const auto number = held_record(connection, id);
        if (!number) return Failure{number.error()};
        const auto fresh = connection.change(
            "INSERT OR IGNORE INTO rescan_wishes(record, asked, who, remote, lease_until)"
            " VALUES (?, ?, ?, ?, 0)",
            {*number, now, who.name, who.remote});
        if (fresh == 0) return false;
        touch_record(connection, *number);
        append_audit(connection, now, who, kRescan, id.text(), "asked for");
        return true;
    });
}

Outcome<std::optional<RescanWish>, StoreError> Rescans::claim(std::chrono::milliseconds lease) {
    const UnixMs now = database_.now();
    using Answer = Outcome<std::optional<RescanWish>, StoreError>;
    // Most of the time there is none: that is not worth the lock for writing.
    const auto any = database_.read([&](Connection& connection) -> Outcome<bool, StoreError> {
        return connection.integer(
                   "SELECT EXISTS(SELECT 1 FROM rescan_wishes WHERE lease_until <= ?)", {now}) != 0;
    });
    if (!any) return Failure{any.error()};
    if (!*any) return std::optional<RescanWish>();
    return database_.write([&](Connection& connection) -> Answer {
        const Rows rows = connection.run(
            "SELECT records.n, id, who, remote FROM rescan_wishes JOIN records ON n = record"
            " WHERE lease_until <= ? ORDER BY asked, record LIMIT 1",
            {now});
        if (rows.empty()) return std::optional<RescanWish>();
        const auto id = QuarantineId::parse(rows.front().text(1));
        if (!id) return std::optional<RescanWish>();
        connection.run("UPDATE rescan_wishes SET lease_until = ? WHERE record = ?",
                       {now + lease.count(), rows.front().integer(0)});
        return std::optional(RescanWish{*id, {rows.front().text(2), rows.front().text(3)}});
    });
}

Outcome<Done, StoreError> Rescans::drop(const RescanWish& wish, const std::string& why) {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        const std::int64_t number = find_record(connection, wish.record);
        const auto dropped =
            connection.change("DELETE FROM rescan_wishes WHERE record = ?", {number});
        if (dropped == 0) return Done{};
        touch_record(connection, number);
        append_audit(connection, now, wish.who, kRescan, wish.record.text(), "not done: " + why);
        return Done{};
    });
}

Outcome<bool, StoreError> Rescans::asked(const QuarantineId& id) const {
    return database_.read([&](Connection& connection) -> Outcome<bool, StoreError> {
        return connection.integer(
                   "SELECT EXISTS(SELECT 1 FROM rescan_wishes JOIN records ON n = record"
                   " WHERE id = ?)",
                   {id.text()}) != 0;
    });
}

}  // namespace postern::quarantine
