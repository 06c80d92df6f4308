#include "quarantine/outbox.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"
#include "quarantine/index/records.hpp"
#include "quarantine/words.hpp"

namespace postern::quarantine {
namespace {

constexpr Words<5> kStates = {"due", "claimed", "needs-confirmation", "delivered", "failed"};
constexpr std::size_t kMaxList = 10000;
constexpr std::size_t kMaxDetailText = 1024;

constexpr const char* kColumns =
    "outbox.n, id, forward_path, state, confirmed, confirmed_detail, requested_by, requested,"
    " attempts, due, detail, lease, lease_until FROM outbox JOIN records ON records.n = record ";

std::string fresh_lease() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();
    return to_hex(std::as_bytes(std::span(random)));
}

std::vector<Delivery> deliveries_of(const Rows& rows) {
    std::vector<Delivery> deliveries;
    for (const Row& row : rows) {
        auto id = QuarantineId::parse(row.text(1));
        if (!id) continue;
        deliveries.push_back({row.integer(0), *id, row.text(2),
                              parse_delivery_state(row.text(3)).value_or(DeliveryState::Failed),
                              row.integer(4) != 0, row.text(5), row.text(6), row.integer(7),
                              static_cast<std::uint32_t>(row.integer(8)), row.integer(9),
                              row.text(10), row.text(11), row.integer(12)});
    }
    return deliveries;
}

struct Ending {
    DeliveryState state;
    RecipientState recipient;
    const char* act;  // of the audit log; nullptr: not worth a line
};
constexpr Ending kDelivered = {DeliveryState::Delivered, RecipientState::Delivered, "delivered"};
constexpr Ending kFailed = {DeliveryState::Failed, RecipientState::Failed, "delivery-failed"};
constexpr Ending kAsk = {DeliveryState::NeedsConfirmation, RecipientState::NeedsConfirmation,
                         "needs-confirmation"};
constexpr Ending kAgain = {DeliveryState::Due, RecipientState::Releasing, nullptr};

// One transaction: the item, its recipient, its record, the log.
Outcome<DeliveryState, StoreError> settle(Database& database, const Delivery& delivery,
                                          const Ending& ending, std::string_view detail,
                                          UnixMs due) {
    const UnixMs now = database.now();
    const std::string text(detail.substr(0, kMaxDetailText));
    using Answer = Outcome<DeliveryState, StoreError>;
    return database.write([&](Connection& connection) -> Answer {
        const std::int64_t changed = connection.change(
            "UPDATE outbox SET state = ?, detail = ?, due = ?, lease = '', lease_until = 0"
            " WHERE n = ? AND state = 'claimed' AND lease = ?",
            {std::string(name(ending.state)), text, due, delivery.number, delivery.lease});
        if (changed != 1) {
            return Failure{StoreError{StoreErrorKind::Conflict, "the lease was lost"}};
        }
        const std::int64_t record =
            connection.integer("SELECT record FROM outbox WHERE n = ?", {delivery.number});
        set_recipient(connection, record, delivery.forward_path, ending.recipient, text, now);
        refresh_status(connection, record);
        if (ending.act) {
            append_audit(connection, now, {"outbox"}, ending.act, delivery.record.text(),
                         delivery.forward_path + ": " + text);
        }
        return ending.state;
    });
}

Outcome<Done, StoreError> done_or_failure(const Outcome<DeliveryState, StoreError>& outcome) {
    if (!outcome) return Failure{outcome.error()};
    return Done{};
}

}  // namespace

std::string_view name(DeliveryState value) {
    return to_word(kStates, value);
}
std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
    return from_word<DeliveryState>(kStates, text);
}

Outcome<std::vector<Delivery>, StoreError> Outbox::claim(std::size_t limit,
                                                         std::chrono::milliseconds lease) {
    const UnixMs now = database_.now();
    const std::string token = fresh_lease();
    using Answer = Outcome<std::vector<Delivery>, StoreError>;
    return database_.write([&](Connection& connection) -> Answer {
        connection.run(
            "UPDATE outbox SET state = 'claimed', attempts = attempts + 1, lease = ?1,"
            " lease_until = ?2 WHERE n IN (SELECT n FROM outbox"
            " WHERE (state = 'due' AND due <= ?3) OR (state = 'claimed' AND lease_until <= ?3)"
            " ORDER BY due, n LIMIT ?4)",
            {token, now + lease.count(), now,
             static_cast<std::int64_t>(std::min(limit, kMaxList))});
        return deliveries_of(connection.run(
            std::string("SELECT ") + kColumns + "WHERE lease = ? ORDER BY due, outbox.n", {token}));
    });
}

Outcome<Done, StoreError> Outbox::extend(const Delivery& delivery,
                                         std::chrono::milliseconds lease) {
    const UnixMs until = database_.now() + lease.count();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        if (connection.change("UPDATE outbox SET lease_until = ? WHERE n = ? AND lease = ?"
                              " AND state = 'claimed'",
                              {until, delivery.number, delivery.lease}) != 1) {
            return Failure{StoreError{StoreErrorKind::Conflict, "the lease was lost"}};
        }
        return Done{};
    });
}

Outcome<Done, StoreError> Outbox::mark_delivered(const Delivery& delivery,
                                                 std::string_view detail) {
    return done_or_failure(settle(database_, delivery, kDelivered, detail, 0));
}

Outcome<Done, StoreError> Outbox::mark_failed(const Delivery& delivery, std::string_view detail) {
    return done_or_failure(settle(database_, delivery, kFailed, detail, 0));
}

Outcome<DeliveryState, StoreError> Outbox::mark_retry(const Delivery& delivery,
                                                      std::string_view detail) {
    const UnixMs now = database_.now();
    const auto delay = retry_delay(delivery.attempts,
                                   std::chrono::milliseconds(now - delivery.requested), back_off_);
    if (!delay) return settle(database_, delivery, kFailed, detail, 0);
    return settle(database_, delivery, kAgain, detail, now + delay->count());
}

Outcome<Done, StoreError> Outbox::mark_needs_confirmation(const Delivery& delivery,
                                                          std::string_view detail) {
    return done_or_failure(settle(database_, delivery, kAsk, detail, 0));
}

Outcome<std::vector<Delivery>, StoreError> Outbox::list(std::size_t limit, bool all) const {
    using Answer = Outcome<std::vector<Delivery>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        const std::string which =
            all ? "" : "WHERE state IN ('due', 'claimed', 'needs-confirmation') ";
        return deliveries_of(connection.run(
            std::string("SELECT ") + kColumns + which + "ORDER BY outbox.n DESC LIMIT ?",
            {static_cast<std::int64_t>(std::min(limit, kMaxList))}));
    });
}

Outcome<std::uint64_t, StoreError> Outbox::pending() const {
    using Answer = Outcome<std::uint64_t, StoreError>;
    return database_.read([](Connection& connection) -> Answer {
        return static_cast<std::uint64_t>(
            connection.integer("SELECT COUNT(*) FROM outbox"
                               " WHERE state IN ('due', 'claimed', 'needs-confirmation')"));
    });
}

Outcome<std::optional<UnixMs>, StoreError> Outbox::next_due() const {
    using Answer = Outcome<std::optional<UnixMs>, StoreError>;
    return database_.read([](Connection& connection) -> Answer {
        const Rows rows = connection.run(
            "SELECT MIN(CASE state WHEN 'due' THEN due ELSE lease_until END) FROM outbox"
            " WHERE state IN ('due', 'claimed')");
        if (rows.empty() || rows.front().is_null(0)) return std::optional<UnixMs>();
        return std::optional<UnixMs>(rows.front().integer(0));
    });
}

Outcome<std::uint64_t, StoreError> Outbox::flush() {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<std::uint64_t, StoreError> {
        return static_cast<std::uint64_t>(connection.change(
            "UPDATE outbox SET due = ?1 WHERE state = 'due' AND due > ?1", {now}));
    });
}

}  // namespace postern::quarantine
