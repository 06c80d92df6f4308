#pragma once

#include <string>
#include <string_view>

namespace postern::auth::trace {

/// A token as it is, anything else as a quoted string (RFC 8601 2.2). Bytes that are not printable
/// ASCII become "?", and what is longer than 255 bytes is cut.
[[nodiscard]] std::string value_of(std::string_view text);

/// A mailbox: bare when that is a pvalue, else quoted like value_of().
[[nodiscard]] std::string mailbox_value(std::string_view text);

/// Inside a comment: no parenthesis, backslash, quote, semicolon or byte that is not printable
/// ASCII.
[[nodiscard]] std::string comment_text(std::string_view text);

/// Appends words to a field and folds in front of a word that would pass column 78.
class FoldedField {
public:
    /// `name` without the colon.
    explicit FoldedField(std::string_view name);
    void word(std::string_view text);
    /// Ends a part: ";" and a new line.
    void part();
    /// With CRLF.
    [[nodiscard]] std::string take();

private:
    std::string text_;
    std::size_t column_ = 0;
    bool fold_ = false;
};

}  // namespace postern::auth::trace
