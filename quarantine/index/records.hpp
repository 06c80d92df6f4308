#pragma once

/// @file Records in the database. All functions run inside a transaction of the caller's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quarantine/audit.hpp"
#include "quarantine/index/database.hpp"
#include "quarantine/query.hpp"
#include "quarantine/record.hpp"

namespace postern::quarantine {

/// The row number of a record; 0: unknown.
std::int64_t find_record(Connection& connection, const QuarantineId& id);
void insert_record(Connection& connection, const Record& record, bool full_text);
std::vector<Recipient> load_recipients(Connection& connection, std::int64_t number);
/// Summaries for rows of `SELECT <kSummaryColumns> FROM records`, in their order.
std::vector<Summary> load_summaries(Connection& connection, const Rows& rows);
/// nullopt: unknown.
std::optional<Record> load_record(Connection& connection, const QuarantineId& id);
/// A record that is not Deleted has this digest, and so a claim on its blob.
bool digest_wanted(Connection& connection, std::string_view sha256);

void set_recipient(Connection& connection, std::int64_t number, const std::string& forward_path,
                   RecipientState state, const std::string& detail, UnixMs now);
/// Derives the record's status from its recipients and gives it a new change token.
void refresh_status(Connection& connection, std::int64_t number);
/// Gives a record a new change token.
void touch_record(Connection& connection, std::int64_t number);
/// Puts this in the place of an earlier one.
void put_rescan(Connection& connection, std::int64_t number, const Rescan& rescan);
/// Makes a record Deleted: contents and owed deliveries go, the row stays.
void bury_record(Connection& connection, std::int64_t number, UnixMs now);
/// Removes the row with all that hangs on it.
void forget_record(Connection& connection, std::int64_t number, bool full_text);

void append_audit(Connection& connection, UnixMs now, const Actor& who, const std::string& act,
                  const std::string& id, const std::string& detail);

extern const char* const kSummaryColumns;

}  // namespace postern::quarantine
