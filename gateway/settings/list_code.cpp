#include "gateway/settings/list_code.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "analyzers/base/ascii.hpp"

namespace postern::settings {
namespace {

constexpr std::uint32_t kMaskBits = 0xFFFFFF;

Failure<std::string> bad(std::string_view text, const char* expected) {
    return Failure{"is \"" + std::string(text) + "\"; " + expected + " is expected"};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
    Number value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

/// Four decimal bytes, nothing else.
std::optional<std::uint32_t> dotted(std::string_view text) {
    std::uint32_t address = 0;
    for (int i = 0; i < 4; ++i) {
        const std::size_t dot = i < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return std::nullopt;
        const auto part = number<std::uint8_t>(text.substr(0, dot), 10);
        if (!part) return std::nullopt;
        address = (address << 8U) | *part;
        text.remove_prefix(i < 3 ? dot + 1 : dot);
    }
    return address;
}

std::string dotted(std::uint32_t address) {
    std::string text;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        text += std::to_string((address >> shift) & 0xFFU);
        if (shift > 0) text += '.';
    }
    return text;
}

bool read_pattern(std::string_view text, ListCode& code) {
    if (text.starts_with('&')) {
        text.remove_prefix(1);
        const bool hex = text.starts_with("0x") || text.starts_with("0X");
        const auto mask = number<std::uint32_t>(hex ? text.substr(2) : text, hex ? 16 : 10);
        code.mask = mask.value_or(0);
        return code.mask != 0 && code.mask <= kMaskBits;
    }
    const std::size_t dash = text.find('-');
    const auto first = dotted(trimmed(text.substr(0, dash)));
    if (!first) return false;
    code.first = code.last = *first;
    if (dash != std::string_view::npos) {
        const std::string_view end = trimmed(text.substr(dash + 1));
        if (const auto last = dotted(end)) {
            code.last = *last;
        } else if (const auto byte = number<std::uint8_t>(end, 10)) {
            code.last = (*first & ~std::uint32_t{0xFF}) | *byte;
        } else {
            return false;
        }
    }
    return code.first <= code.last && is_list_answer(code.first) && is_list_answer(code.last);
}

}  // namespace

bool ListCode::matches(std::uint32_t address) const {
    if (!is_list_answer(address)) return false;
    if (mask != 0) return (address & mask & kMaskBits) != 0;
    return address >= first && address <= last;
}

Outcome<ListCode, std::string> parse_list_code(std::string_view text) {
    if (text.size() > kMaxListCode) return bad(text.substr(0, 32), "a shorter text");
    ListCode code;
    const std::size_t equals = text.find('=');
    if (!read_pattern(trimmed(text.substr(0, equals)), code)) {
        return bad(text,
                   "an address of 127.0.0.0/8 but not of 127.255.255.0/24, a range like "
                   "\"127.0.0.4-7\" or bits like \"&0x08\"");
    }
    if (equals == std::string_view::npos) return code;
    std::string_view rest = trimmed(text.substr(equals + 1));
    const std::size_t blank = std::min(rest.find_first_of(" \t"), rest.size());
    const auto score = number<std::int64_t>(rest.substr(0, blank), 10);
    double value = 0;
    if (score) {
        value = static_cast<double>(*score);
    } else {
        const char* end = rest.data() + blank;
        const auto read = std::from_chars(rest.data(), end, value, std::chars_format::fixed);
        if (blank == 0 || read.ec != std::errc() || read.ptr != end) value = std::nan("");
    }
    if (!(value >= -100 && value <= 100)) return bad(text, "a score of -100 to 100 behind \"=\"");
    code.has_score = true;
    code.score = value;
    code.meaning = trimmed(rest.substr(blank));
    for (const char c : code.meaning) {
        if (c < ' ' || c == '\x7f') return bad(text.substr(0, equals), "printable text behind it");
    }
    return code;
}

std::string format_list_code(const ListCode& code) {
    std::string text;
    if (code.mask != 0) {
        text = "&" + std::to_string(code.mask);
    } else {
        text = dotted(code.first);
        if (code.last != code.first) text += "-" + dotted(code.last);
    }
    if (!code.has_score) return text;
    std::array<char, 64> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), code.score,
                                       std::chars_format::fixed);
    if (written.ec != std::errc()) return text;
    text += " = " + std::string(digits.data(), written.ptr);
    if (!code.meaning.empty()) text += " " + code.meaning;
    return text;
}

}  // namespace postern::settings
