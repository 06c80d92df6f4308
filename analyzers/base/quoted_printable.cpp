#include "analyzers/base/quoted_printable.hpp"

#include <algorithm>
#include <optional>

#include "analyzers/base/ascii.hpp"

namespace postern {
namespace {

using Dialect = QuotedPrintableDialect;

std::optional<unsigned> hex(char c) {
    if (ascii_digit(c)) return static_cast<unsigned>(c - '0');
    const char lower = ascii_lower(c);
    if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
    return std::nullopt;
}

/// Length of the soft line break after "=", 0 if none: blanks and a line end, or the end of it all.
std::size_t soft_break(std::string_view after) {
    std::size_t at = 0;
    while (at < after.size() && (after[at] == ' ' || after[at] == '\t')) ++at;
    if (at == after.size()) return at == 0 ? 0 : at;
    if (after.substr(at).starts_with("\r\n")) return at + 2;
    return after[at] == '\n' ? at + 1 : 0;
}

/// Reads the escape behind an "="; how many characters of `after` it takes.
std::size_t read_escape(std::string_view after, Dialect dialect, QuotedPrintableText& into) {
    if (after.empty()) return 0;
    if (after.size() >= 2) {
        const auto high = hex(after[0]);
        const auto low = hex(after[1]);
        if (high && low) {
            into.bytes += static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
            return 2;
        }
    }
    if (const std::size_t length = soft_break(after); length > 0) return length;
    into.regular = false;
    if (dialect == Dialect::DropEquals) return 0;
    if (dialect == Dialect::DropOne) return 1;
    if (dialect == Dialect::DropTwo) return std::min<std::size_t>(2, after.size());
    if (dialect == Dialect::BlankEscape && (after[0] == ' ' || after[0] == '\t')) return 1;
    into.bytes += '=';
    return 0;
}

}  // namespace

QuotedPrintableText quoted_printable_read(std::string_view text, Dialect dialect) {
    QuotedPrintableText result;
    result.bytes.reserve(text.size());
    std::size_t kept = 0;  // bytes of this line up to here are no trailing blanks
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '=') {
            at += read_escape(text.substr(at + 1), dialect, result);
            kept = result.bytes.size();
            continue;
        }
        const bool line_end = c == '\n' || text.substr(at).starts_with("\r\n");
        if (line_end && result.bytes.size() > kept) {
            result.regular = false;
            if (dialect != Dialect::Blanks) result.bytes.resize(kept);
        }
        result.bytes += c;
        if (c != ' ' && c != '\t') kept = result.bytes.size();
    }
    return result;
}

std::vector<std::string> quoted_printable_readings(std::string_view text) {
    QuotedPrintableText first = quoted_printable_read(text, Dialect::KeepBroken);
    std::vector<std::string> readings;
    readings.push_back(std::move(first.bytes));
    if (first.regular) return readings;
    for (const auto dialect : {Dialect::DropEquals, Dialect::DropOne, Dialect::DropTwo,
                               Dialect::Blanks, Dialect::BlankEscape}) {
        std::string bytes = quoted_printable_read(text, dialect).bytes;
        const bool known = std::find(readings.begin(), readings.end(), bytes) != readings.end();
        if (!known && !bytes.empty()) readings.push_back(std::move(bytes));
    }
    return readings;
}

}  // namespace postern
