#pragma once

/// @file Deliveries owed: what a reviewer released and the next hop has not yet taken.
///
/// At least once: an item is owed until somebody marks it, and a runner that dies between the next
/// hop's 250 and mark_delivered() makes the message go out twice. It never gets lost.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

class Database;

/// Due: waits for its time. Claimed: a runner has it until its lease ends. The last two are final.
enum class DeliveryState : std::uint8_t { Due, Claimed, NeedsConfirmation, Delivered, Failed };

/// "due", "claimed", "needs-confirmation", "delivered", "failed".
[[nodiscard]] std::string_view name(DeliveryState value);
[[nodiscard]] std::optional<DeliveryState> parse_delivery_state(std::string_view text);

/// One message owed to one recipient.
struct Delivery {
    std::int64_t number = 0;  ///< names the item for good
    QuarantineId record;
    std::string forward_path = {};
    DeliveryState state = DeliveryState::Due;
    bool confirmed = false;             ///< a reviewer has seen confirmed_detail and said yes
    std::string confirmed_detail = {};  ///< what he saw; a rescan that says more must ask again
    std::string requested_by = {};
    UnixMs requested = 0;
    std::uint32_t attempts = 0;  ///< claims so far, this one included
    UnixMs due = 0;              ///< not before
    std::string detail = {};     ///< of the last attempt
    std::string lease = {};      ///< set by claim(); marks are refused under another
    UnixMs lease_until = 0;      ///< claim ends then, and the item is due again

    friend bool operator==(const Delivery&, const Delivery&) = default;
};

/// When to try again, and when to stop.
struct BackOff {
    std::chrono::milliseconds first = std::chrono::minutes(1);
    std::chrono::milliseconds longest = std::chrono::hours(2);
    std::chrono::milliseconds give_up = std::chrono::hours(24 * 5);  ///< after the request
};

/// How long to wait after attempt number `attempts` (from 1): first, doubled each time, at most
/// longest. nullopt: `age` since the request has reached give_up.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(std::uint32_t attempts,
                                                                   std::chrono::milliseconds age,
                                                                   const BackOff& back_off = {});

/// All functions may be called from any thread and any process, and block on the database. Times
/// are the store's clock. Each mark is one transaction with the states of recipient and record and
/// the line in the audit log; it says Conflict when `delivery.lease` has been lost to somebody
/// else.
class Outbox {
public:
    Outbox(Database& database, BackOff back_off) : database_(database), back_off_(back_off) {}

    /// Takes up to `limit` items that are due, or whose lease has ended, oldest first.
    [[nodiscard]] Outcome<std::vector<Delivery>, StoreError> claim(std::size_t limit,
                                                                   std::chrono::milliseconds lease);
    /// Makes a claim last until now + lease.
    [[nodiscard]] Outcome<Done, StoreError> extend(const Delivery& delivery,
                                                   std::chrono::milliseconds lease);
    [[nodiscard]] Outcome<Done, StoreError> mark_delivered(const Delivery& delivery,
                                                           std::string_view detail);
    /// For good: the next hop said 5xx.
    [[nodiscard]] Outcome<Done, StoreError> mark_failed(const Delivery& delivery,
                                                        std::string_view detail);
    /// Again later, by retry_delay(); Failed when that says so. The answer is the new state.
    [[nodiscard]] Outcome<DeliveryState, StoreError> mark_retry(const Delivery& delivery,
                                                                std::string_view detail);
    /// The rescan found something new. Waits for Store::request_release(confirm).
    [[nodiscard]] Outcome<Done, StoreError> mark_needs_confirmation(const Delivery& delivery,
                                                                    std::string_view detail);

    /// Newest first. `all` shows the final ones too.
    [[nodiscard]] Outcome<std::vector<Delivery>, StoreError> list(std::size_t limit,
                                                                  bool all = false) const;
    /// Items not final; for postern_queue_messages.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> pending() const;
    /// When the next item is due or its lease ends; nullopt: nothing waits. May lie in the past.
    [[nodiscard]] Outcome<std::optional<UnixMs>, StoreError> next_due() const;
    /// Makes all that wait due now; how many.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> flush();

private:
    Database& database_;
    BackOff back_off_;
};

}  // namespace postern::quarantine
