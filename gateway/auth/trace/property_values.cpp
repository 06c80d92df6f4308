#include "gateway/auth/trace/property_values.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/base/ascii.hpp"

namespace postern::auth::trace {
namespace {

constexpr std::size_t kMaxValue = 255;
constexpr std::size_t kMaxColumn = 78;  // RFC 5322 2.1.1

/// RFC 2045 5.1.
bool is_token(std::string_view text) {
    constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return c > ' ' && c < '\x7f' && kSpecials.find(c) == std::string_view::npos;
    });
}

bool is_dot_atom(std::string_view text) {
    constexpr std::string_view kOthers = "!#$%&'*+-=^_{|}~.";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return ascii_alnum(c) || kOthers.find(c) != std::string_view::npos;
    });
}

std::string printable(std::string_view text) {
    std::string kept;
    for (const char c : text.substr(0, kMaxValue)) kept += c >= ' ' && c < '\x7f' ? c : '?';
    return kept;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

}  // namespace

std::string value_of(std::string_view text) {
    std::string kept = printable(text);
    return is_token(kept) ? kept : quoted(kept);
}

std::string mailbox_value(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const bool bare = text.size() <= kMaxValue && at != std::string_view::npos &&
                      is_dot_atom(text.substr(0, at)) && is_dot_atom(text.substr(at + 1));
    return bare ? std::string(text) : value_of(text);
}

std::string comment_text(std::string_view text) {
    std::string kept = printable(text);
    // Quotes and semicolons mean nothing in a comment, but not every reader knows.
    constexpr std::string_view kUnwanted = "()\\\";";
    for (char& c : kept) {
        if (kUnwanted.find(c) != std::string_view::npos) c = '?';
    }
    return kept;
}

FoldedField::FoldedField(std::string_view name) : text_(name), column_(name.size() + 1) {
    text_ += ':';
}

void FoldedField::word(std::string_view text) {
    if (fold_ || column_ + 1 + text.size() > kMaxColumn) {
        text_ += "\r\n\t";
        column_ = 8;
        fold_ = false;
    } else {
        text_ += ' ';
        ++column_;
    }
    text_ += text;
    column_ += text.size();
}

void FoldedField::part() {
    text_ += ';';
    fold_ = true;
}

std::string FoldedField::take() {
    text_ += "\r\n";
    return std::move(text_);
}

}  // namespace postern::auth::trace
