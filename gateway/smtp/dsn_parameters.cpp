#include "gateway/smtp/dsn_parameters.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/smtp/xtext.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxEnvelope = 100;  // RFC 3461 5.4
constexpr std::size_t kMaxOriginal = 500;  // RFC 3461 4.2
constexpr std::size_t kMaxCodePoint = 6;   // hex digits, RFC 6533 3

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// "\x{2A}" at the front: its length, or 0 (HEXPOINT of RFC 6533 3, upper-case as xtext).
std::size_t embedded_code_point(std::string_view text) {
    constexpr std::string_view kOpen = "\\x{";
    if (!text.starts_with(kOpen)) return 0;
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos) return 0;
    const std::string_view digits = text.substr(kOpen.size(), close - kOpen.size());
    const auto hex = [](char c) { return ascii_digit(c) || (c >= 'A' && c <= 'F'); };
    const bool well = digits.size() >= 2 && digits.size() <= kMaxCodePoint &&
                      std::all_of(digits.begin(), digits.end(), hex);
    return well ? close + 1 : 0;
}

/// utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533 3).
bool is_utf8_address(std::string_view text, bool smtputf8) {
    if (smtputf8 && !is_utf8(text)) return false;
    while (!text.empty()) {
        const char c = text.front();
        std::size_t length = 1;
        if (c == '\\') {
            length = embedded_code_point(text);
        } else if (c == '+') {
            length = text.size() >= 3 && decode_xtext(text.substr(0, 3)) ? 3 : 0;
        } else if (static_cast<unsigned char>(c) > 0x7f) {
            length = smtputf8 ? 1 : 0;
        } else if (c <= ' ' || c > '~' || c == '=') {
            length = 0;
        }
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace

std::optional<std::string> parse_dsn_return(std::string_view value) {
    for (const std::string_view known : {"FULL", "HDRS"}) {
        if (ascii_iequal(value, known)) return std::string(known);
    }
    return std::nullopt;
}

std::optional<std::string> parse_dsn_envelope(std::string_view value) {
    const auto decoded = decode_xtext(value);
    if (value.empty() || value.size() > kMaxEnvelope || !decoded || !printable(*decoded)) {
        return std::nullopt;
    }
    return std::string(value);
}

std::optional<std::string> parse_dsn_notify(std::string_view value) {
    if (ascii_iequal(value, "NEVER")) return "NEVER";
    constexpr std::array<std::string_view, 3> kWhen = {"SUCCESS", "FAILURE", "DELAY"};
    std::array<bool, kWhen.size()> seen{};
    std::string passed_on;
    for (;;) {
        const std::string_view word = value.substr(0, value.find(','));
        const auto known = std::find_if(kWhen.begin(), kWhen.end(), [word](std::string_view each) {
            return ascii_iequal(each, word);
        });
        if (known == kWhen.end()) return std::nullopt;
        bool& already = seen.at(static_cast<std::size_t>(known - kWhen.begin()));
        if (already) return std::nullopt;
        already = true;
        if (!passed_on.empty()) passed_on += ',';
        passed_on += *known;
        if (word.size() == value.size()) return passed_on;
        value.remove_prefix(word.size() + 1);
    }
}

std::optional<std::string> parse_dsn_original(std::string_view value, bool smtputf8) {
    const std::size_t semicolon = value.find(';');
    if (semicolon == std::string_view::npos || value.size() > kMaxOriginal) return std::nullopt;
    const std::string_view type = value.substr(0, semicolon);
    const std::string_view address = value.substr(semicolon + 1);
    const auto in_type = [](char c) { return ascii_alnum(c) || c == '-'; };
    if (type.empty() || address.empty() || !std::all_of(type.begin(), type.end(), in_type)) {
        return std::nullopt;
    }
    if (ascii_iequal(type, "utf-8")) {
        if (!is_utf8_address(address, smtputf8)) return std::nullopt;
    } else {
        const auto decoded = decode_xtext(address);
        if (!decoded || !printable(*decoded)) return std::nullopt;
    }
    return std::string(value);
}

}  // namespace postern::smtp
