#pragma once

/// @file From a Query to the rows it means.

#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/index/database.hpp"
#include "quarantine/query.hpp"

namespace postern::quarantine {

/// A WHERE clause (never empty) and the values of its marks. Nothing of the query's text is in the
/// SQL.
struct Condition {
    std::string sql;
    std::vector<Value> values;
};
[[nodiscard]] Condition condition_of(const Query& query, bool full_text);

/// Runs it, inside the caller's transaction. Invalid: page size or cursor.
[[nodiscard]] Outcome<Page, StoreError> search(Connection& connection, const Query& query,
                                               bool full_text);

/// Words of a search text as an FTS5 expression: each word is quoted and a prefix, all must be
/// there. Empty: nothing to look for.
[[nodiscard]] std::string match_expression(std::string_view text);

}  // namespace postern::quarantine
