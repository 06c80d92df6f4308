#include "quarantine/audit.hpp"

#include <algorithm>

#include "quarantine/index/database.hpp"
#include "quarantine/index/records.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kMaxEntries = 1000;

}  // namespace

Outcome<Done, StoreError> Audit::append(const Actor& who, const std::string& act,
                                        const std::optional<QuarantineId>& id,
                                        const std::string& detail) {
    const UnixMs now = database_.now();
    return database_.write([&](Connection& connection) -> Outcome<Done, StoreError> {
        append_audit(connection, now, who, act, id ? id->text() : "", detail);
        return Done{};
    });
}

Outcome<std::vector<AuditEntry>, StoreError> Audit::list(const Query& query) const {
    std::string sql = "SELECT n, time, who, remote, act, id, detail FROM audit WHERE 1";
    std::vector<Value> values;
    const auto add = [&](const char* condition, Value value) {
        sql += condition;
        values.push_back(std::move(value));
    };
    if (query.id) add(" AND id = ?", query.id->text());
    if (!query.who.empty()) add(" AND who = ?", query.who);
    if (!query.act.empty()) add(" AND act = ?", query.act);
    if (query.before > 0) add(" AND n < ?", query.before);
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxEntries);
    add(" ORDER BY n DESC LIMIT ?", static_cast<std::int64_t>(limit));
    using Answer = Outcome<std::vector<AuditEntry>, StoreError>;
    return database_.read([&](Connection& connection) -> Answer {
        std::vector<AuditEntry> entries;
        for (const Row& row : connection.run(sql, values)) {
            AuditEntry entry;
            entry.number = row.integer(0);
            entry.time = row.integer(1);
            entry.who = {row.text(2), row.text(3)};
            entry.act = row.text(4);
            if (!row.is_null(5)) entry.id = row.text(5);
            entry.detail = row.text(6);
            entries.push_back(std::move(entry));
        }
        return entries;
    });
}

}  // namespace postern::quarantine
