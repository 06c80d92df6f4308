#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <type_traits>

#include "analyzers/base/clean_text.hpp"
#include "gateway/observe/log.hpp"

namespace postern::observe {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The length of the UTF-8 character that `text` begins with; 0: it begins with none.
std::size_t character_length(std::string_view text) {
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (is_utf8(text.substr(0, length))) return length;
    }
    return 0;
}

void append_escaped(std::string& out, unsigned code) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u00";
    out += kDigits[code / 16];
    out += kDigits[code % 16];
}

void append_character(std::string& out, std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    if (first == '"' || first == '\\') {
        out += '\\';
        out += character;
    } else if (first < 0x20 || first == 0x7f) {
        append_escaped(out, first);
    } else if (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0) {
        append_escaped(out, static_cast<unsigned char>(character[1]));  // C1: terminals obey them
    } else {
        out += character;
    }
}

void append_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        if (length == 0) {
            out += kReplacement;
            text.remove_prefix(1);
        } else {
            append_character(out, text.substr(0, length));
            text.remove_prefix(length);
        }
    }
    out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 40> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

struct Append {
    std::string& out;

    void operator()(Null) const { out += "null"; }
    void operator()(std::string_view text) const { append_string(out, text); }
    void operator()(std::int64_t number) const { append_number(out, number); }
    void operator()(std::uint64_t number) const { append_number(out, number); }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(Json json) const { out += json.text; }
    void operator()(double number) const {
        if (std::isfinite(number)) {
            append_number(out, number);
        } else {
            out += "null";  // JSON has no infinity
        }
    }
    void operator()(std::span<const std::string> texts) const {
        out += '[';
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (i != 0) out += ',';
            append_string(out, texts[i]);
        }
        out += ']';
    }
};

/// RFC 3339, in UTC, with microseconds.
void append_time(std::string& out, std::int64_t unix_us) {
    constexpr std::int64_t kSecond = 1'000'000;
    std::int64_t rest = unix_us % kSecond;
    if (rest < 0) rest += kSecond;
    const std::time_t seconds = (unix_us - rest) / kSecond;
    std::tm broken_down{};
    std::array<char, 40> text{};
    std::size_t length = 0;
    if (gmtime_r(&seconds, &broken_down) != nullptr) {
        length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &broken_down);
    }
    out.append(text.data(), length);
    std::string fraction = std::to_string(rest);
    out += '.' + std::string(6 - fraction.size(), '0') + fraction + 'Z';
}

}  // namespace

std::string_view name(Level level) {
    switch (level) {
        case Level::Debug:
            return "debug";
        case Level::Info:
            return "info";
        case Level::Warning:
            return "warning";
        case Level::Error:
            return "error";
    }
    return "";
}

std::string json_line(std::int64_t unix_us, Level level, std::string_view event,
                      std::span<const Field> fields) {
    std::string line = "{\"time\":\"";
    append_time(line, unix_us);
    line += "\",\"level\":\"";
    line += name(level);
    line += "\",\"event\":";
    append_string(line, event);
    for (const Field& field : fields) {
        line += ',';
        append_string(line, field.key);
        line += ':';
        std::visit(Append{line}, field.value);
    }
    line += "}\n";
    return line;
}

}  // namespace postern::observe
