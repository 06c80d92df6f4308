#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

class Database;

/// Who does something, for the audit log.
struct Actor {
    std::string name;         ///< account, "cli", "outbox", "retention"
    std::string remote = {};  ///< address of the browser; empty: local

    friend bool operator==(const Actor&, const Actor&) = default;
};

/// One line of the log.
struct AuditEntry {
    std::int64_t number = 0;  ///< rises with time
    UnixMs time = 0;
    Actor who;
    std::string act;                     ///< "put", "release", "view", "login", ...
    std::optional<std::string> id = {};  ///< of the record, as text: it may be gone
    std::string detail = {};

    friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

/// What was done and by whom. Lines are only ever added: triggers in the database refuse to change
/// or remove one.
class Audit {
public:
    explicit Audit(Database& database) : database_(database) {}

    /// For acts that change nothing in the store, such as looking at a message.
    [[nodiscard]] Outcome<Done, StoreError> append(const Actor& who, const std::string& act,
                                                   const std::optional<QuarantineId>& id,
                                                   const std::string& detail);

    struct Query {
        std::optional<QuarantineId> id = {};
        std::string who = {};     ///< empty: anybody
        std::string act = {};     ///< empty: any
        std::int64_t before = 0;  ///< entries with a smaller number; 0: from the newest
        std::size_t limit = 100;  ///< 1 to 1000
    };
    /// Newest first.
    [[nodiscard]] Outcome<std::vector<AuditEntry>, StoreError> list(const Query& query) const;

private:
    Database& database_;
};

}  // namespace postern::quarantine
