#include "quarantine/index/search.hpp"

#include <charconv>

#include "quarantine/index/records.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kMaxPage = 500;
constexpr std::size_t kMaxWords = 16;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        if (!is_blank(c)) {
            words.back() += c;
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    if (words.back().empty()) words.pop_back();
    if (words.size() > kMaxWords) words.resize(kMaxWords);
    return words;
}

// For LIKE ... ESCAPE '\': what the reviewer typed, anywhere in the column.
std::string like_pattern(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

void add(Condition& condition, const std::string& sql, std::vector<Value> values = {}) {
    condition.sql += (condition.sql.empty() ? "" : " AND ") + sql;
    for (Value& value : values) condition.values.push_back(std::move(value));
}

void add_text(Condition& condition, const std::string& text, bool full_text) {
    const std::string expression = match_expression(text);
    if (expression.empty()) return;
    if (full_text) {
        add(condition, "records.n IN (SELECT rowid FROM words WHERE words MATCH ?)", {expression});
        return;
    }
    for (const std::string& word : words_of(text)) {
        const std::string like = like_pattern(word);
        add(condition,
            "(subject LIKE ? ESCAPE '\\' OR sender LIKE ? ESCAPE '\\'"
            " OR reverse_path LIKE ? ESCAPE '\\' OR EXISTS(SELECT 1 FROM recipients"
            " WHERE record = records.n AND forward_path LIKE ? ESCAPE '\\'))",
            {like, like, like, like});
    }
}

struct Cursor {
    std::int64_t received = 0;
    std::int64_t number = 0;
};

std::optional<Cursor> parse_cursor(std::string_view text) {
    const char* const end = text.data() + text.size();
    Cursor cursor;
    const auto first = std::from_chars(text.data(), end, cursor.received);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, cursor.number);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    return cursor;
}

}  // namespace

std::string match_expression(std::string_view text) {
    std::string expression;
    for (const std::string& word : words_of(text)) {
        if (!expression.empty()) expression += " AND ";
        expression += '"';
        for (const char c : word) {
            if (c == '"') expression += '"';
            if (c != '\0') expression += c;
        }
        expression += "\"*";
    }
    return expression;
}

Condition condition_of(const Query& query, bool full_text) {
    Condition condition;
    if (query.status) {
        add(condition, "status = ?", {std::string(name(*query.status))});
    } else {
        add(condition, "status <> 'deleted'");
    }
    if (query.verdict) add(condition, "class = ?", {std::string(name(*query.verdict))});
    if (query.received_from) add(condition, "received >= ?", {*query.received_from});
    if (query.received_until) add(condition, "received < ?", {*query.received_until});
    if (!query.sender.empty()) {
        const std::string like = like_pattern(query.sender);
        add(condition, "(sender LIKE ? ESCAPE '\\' OR reverse_path LIKE ? ESCAPE '\\')",
            {like, like});
    }
    if (!query.recipient.empty()) {
        add(condition,
            "EXISTS(SELECT 1 FROM recipients WHERE record = records.n"
            " AND forward_path LIKE ? ESCAPE '\\')",
            {like_pattern(query.recipient)});
    }
    add_text(condition, query.text, full_text);
    return condition;
}

Outcome<Page, StoreError> search(Connection& connection, const Query& query, bool full_text) {
    if (query.page_size == 0 || query.page_size > kMaxPage) {
        return Failure{StoreError{StoreErrorKind::Invalid, "page size must be 1 to 500"}};
    }
    Condition condition = condition_of(query, full_text);
    Page page;
    if (query.count_total) {
        page.total = static_cast<std::uint64_t>(connection.integer(
            "SELECT COUNT(*) FROM records WHERE " + condition.sql, condition.values));
    }
    if (!query.cursor.empty()) {
        const auto cursor = parse_cursor(query.cursor);
        if (!cursor) return Failure{StoreError{StoreErrorKind::Invalid, "not a cursor"}};
        add(condition, "(received, records.n) < (?, ?)", {cursor->received, cursor->number});
    }
    // One row more than asked for tells whether there is a next page.
    condition.values.emplace_back(static_cast<std::int64_t>(query.page_size + 1));
    Rows rows =
        connection.run(std::string("SELECT ") + kSummaryColumns + " FROM records WHERE " +
                           condition.sql + " ORDER BY received DESC, records.n DESC LIMIT ?",
                       condition.values);
    if (rows.size() > query.page_size) {
        rows.pop_back();
        page.next = rows.back().text(2) + "." + rows.back().text(0);
    }
    page.records = load_summaries(connection, rows);
    return page;
}

}  // namespace postern::quarantine
