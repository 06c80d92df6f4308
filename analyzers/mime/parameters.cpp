#include "analyzers/mime/parameters.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/charset.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxParameters = 200;

bool is_space(char c) {
    return static_cast<unsigned char>(c) <= ' ';
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Reads a value piece by piece, with comments dropped.
class Scanner {
public:
    Scanner(std::string_view text, bool& odd) : text_(text), odd_(odd) {}

    [[nodiscard]] bool done() const { return at_ >= text_.size(); }
    /// What ended the last token; NUL for the end of the text.
    [[nodiscard]] char stopped_at() const { return stopped_at_; }

    /// Up to one of `stops` outside comments; the stop is taken too.
    std::string token(std::string_view stops) {
        std::string token;
        while (!done()) {
            const char c = text_[at_];
            if (c == '(' && skip_comment()) continue;
            ++at_;
            stopped_at_ = '\0';
            if (stops.find(c) != std::string_view::npos) {
                stopped_at_ = c;
                break;
            }
            token += c;
        }
        return std::string(trim(token));
    }

    /// A parameter's value: quoted or not, up to the semicolon.
    std::string value(std::string& tail) {
        skip_spaces();
        if (done() || text_[at_] != '"') return unquoted();
        ++at_;
        std::string value;
        bool closed = false;
        while (!done() && !closed) {
            char c = text_[at_++];
            if (c == '"') {
                closed = true;
                break;
            }
            if (c == '\\' && !done()) c = text_[at_++];
            value += c;
        }
        tail = token(";");
        odd_ = odd_ || !closed || !tail.empty();
        return value;
    }

private:
    std::string unquoted() {
        std::string value = token(";");
        if (value.find_first_of("\" \t\\") != std::string::npos) odd_ = true;
        return value;
    }
    void skip_spaces() {
        while (!done() && (is_space(text_[at_]) || (text_[at_] == '(' && skip_comment()))) {
            if (!done() && is_space(text_[at_])) ++at_;
        }
    }
    /// Skips a whole comment; leaves an open one alone, as a character like any other.
    bool skip_comment() {
        if (open_comment_) return false;
        int depth = 0;
        for (std::size_t i = at_; i < text_.size(); ++i) {
            if (text_[i] == '\\') {
                ++i;
            } else if (text_[i] == '(') {
                ++depth;
            } else if (text_[i] == ')' && --depth == 0) {
                at_ = i + 1;
                odd_ = true;
                return true;
            }
        }
        open_comment_ = true;  // searched once, not once for every "("
        odd_ = true;
        return false;
    }

    std::string_view text_;
    bool& odd_;
    std::size_t at_ = 0;
    char stopped_at_ = '\0';
    bool open_comment_ = false;
};

unsigned hex(char c) {
    if (ascii_digit(c)) return static_cast<unsigned>(c - '0');
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 99U;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) < 16 &&
            hex(text[i + 2]) < 16) {
            out += static_cast<char>(
                static_cast<unsigned char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// One piece of an RFC 2231 parameter: "name*", "name*1", "name*1*".
struct Piece {
    unsigned index = 0;
    bool encoded = false;
    std::string_view value;
};

std::optional<Piece> piece_of(const Parameter& parameter, std::string_view name) {
    std::string_view key = parameter.name;
    if (key.size() <= name.size() || !key.starts_with(name) || key[name.size()] != '*') {
        return std::nullopt;
    }
    key.remove_prefix(name.size() + 1);
    Piece piece{.index = 0, .encoded = key.empty(), .value = parameter.value};
    if (key.ends_with('*')) {
        piece.encoded = true;
        key.remove_suffix(1);
    }
    if (key.size() > 4) return std::nullopt;
    for (const char c : key) {
        if (!ascii_digit(c)) return std::nullopt;
        piece.index = piece.index * 10 + static_cast<unsigned>(c - '0');
    }
    return piece;
}

/// The pieces in their order, each once, joined and converted; empty if there are none.
std::string joined(const std::vector<Parameter>& parameters, std::string_view name) {
    std::map<unsigned, Piece> pieces;
    for (const Parameter& parameter : parameters) {
        if (const auto piece = piece_of(parameter, name)) pieces.emplace(piece->index, *piece);
    }
    std::string bytes;
    std::string charset;
    for (const auto& entry : pieces) {
        std::string_view value = entry.second.value;
        if (&entry == &*pieces.begin() && entry.second.encoded) {
            const std::size_t first = value.find('\'');
            const std::size_t second =
                first == std::string_view::npos ? first : value.find('\'', first + 1);
            if (second != std::string_view::npos) {
                charset = value.substr(0, first);
                value.remove_prefix(second + 1);
            }
        }
        bytes += entry.second.encoded ? percent_decode(value) : std::string(value);
    }
    return charset.empty() ? bytes : to_utf8(bytes, charset);
}

}  // namespace

ParameterList read_parameters(std::string_view unfolded) {
    ParameterList list;
    Scanner scanner(unfolded, list.odd);
    const std::string value = scanner.token(";");
    for (const char c : value) {
        if (!is_space(c) && c != '"') list.value += ascii_lower(c);
    }
    if (const std::size_t equals = value.find('='); equals != std::string::npos) {
        // "filename=x" where the value should be: some readers take it for a parameter.
        list.odd = true;
        list.parameters.push_back({.name = ascii_lower(trim(value.substr(0, equals))),
                                   .value = value.substr(equals + 1),
                                   .tail = {}});
    }
    while (!scanner.done() && list.parameters.size() < kMaxParameters) {
        // A missing "=" must not swallow the next parameter: the token ends at ";" as well.
        Parameter parameter{.name = ascii_lower(scanner.token("=;")), .value = {}, .tail = {}};
        if (parameter.name.empty() && scanner.done()) break;
        if (scanner.stopped_at() == '=') {
            parameter.value = scanner.value(parameter.tail);
        } else if (!list.parameters.empty()) {
            list.parameters.back().tail += ';' + parameter.name;
            list.odd = true;
        }
        if (parameter.name.empty()) list.odd = true;
        list.parameters.push_back(std::move(parameter));
    }
    return list;
}

std::string ParameterList::get(std::string_view name, bool prefer_extended) const {
    const auto plain = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    if (prefer_extended || plain == parameters.end()) {
        std::string extended = joined(parameters, name);
        if (!extended.empty()) return extended;
    }
    return plain == parameters.end() ? std::string{} : plain->value;
}

std::vector<std::string> ParameterList::all(std::string_view name) const {
    std::vector<std::string> values;
    const auto add = [&](std::string found) {
        if (found.empty()) return;
        if (std::find(values.begin(), values.end(), found) == values.end()) {
            values.push_back(std::move(found));
        }
    };
    for (const Parameter& parameter : parameters) {
        if (parameter.name != name) continue;
        add(parameter.value);
        if (!parameter.tail.empty()) add(parameter.value + parameter.tail);
    }
    std::string as_written;  // pieces in the wrong order
    for (const Parameter& parameter : parameters) {
        const auto piece = piece_of(parameter, name);
        if (piece) as_written += percent_decode(piece->value.substr(piece->value.rfind('\'') + 1));
    }
    add(as_written);
    add(joined(parameters, name));
    return values;
}

}  // namespace postern::analyzers
