#pragma once

/// @file Held messages that are looked at again: what the newest look found, and who waits for one.
/// The verdict under which a message is held is history and stays as it is.

#include <chrono>
#include <optional>

#include "analyzers/base/outcome.hpp"
#include "quarantine/audit.hpp"
#include "quarantine/error.hpp"
#include "quarantine/record.hpp"

namespace postern::quarantine {

class Database;

/// A wish for a new look.
struct RescanWish {
    QuarantineId record;
    Actor who;

    friend bool operator==(const RescanWish&, const RescanWish&) = default;
};

/// All functions may be called from any thread and any process, and block on the database.
class Rescans {
public:
    explicit Rescans(Database& database) : database_(database) {}

    /// Keeps the newest look beside the record, in place of an earlier one, with its line in the
    /// audit log; a wish for one is fulfilled. Rescan::time and who are set here. NotFound; Invalid
    /// when it is too long; Conflict when the message was deleted.
    [[nodiscard]] Outcome<Done, StoreError> keep(const QuarantineId& id, const Rescan& rescan,
                                                 const Actor& who);

    /// Asks the gateway for a new look. False: it is asked for already. NotFound; Conflict when the
    /// message was deleted.
    [[nodiscard]] Outcome<bool, StoreError> ask(const QuarantineId& id, const Actor& who);
    /// The oldest wish nobody works at; nobody else gets it for `lease`.
    [[nodiscard]] Outcome<std::optional<RescanWish>, StoreError> claim(
        std::chrono::milliseconds lease);
    /// Drops a wish that cannot be fulfilled, with a line in the audit log that says why.
    [[nodiscard]] Outcome<Done, StoreError> drop(const RescanWish& wish, const std::string& why);
    /// Whether somebody waits for a new look at this message.
    [[nodiscard]] Outcome<bool, StoreError> asked(const QuarantineId& id) const;

private:
    Database& database_;
};

}  // namespace postern::quarantine
