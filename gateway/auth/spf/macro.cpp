#include "gateway/auth/spf/macro.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"

namespace postern::auth::spf {
namespace {

constexpr std::size_t kMaxName = 253;       // RFC 7208 7.3
constexpr std::size_t kTrimAt = 4096;       // what is being expanded is trimmed to its right end
constexpr std::size_t kMostParts = 100000;  // more digits mean "all" anyway
constexpr std::string_view kLetters = "slodiphv";
constexpr std::string_view kExplanationLetters = "slodiphvcrt";
constexpr std::string_view kDelimiters = ".-+,/_=";

bool is_visible(char c) {
    return c > ' ' && c < '\x7f';
}

/// toplabel (RFC 7208 12): letters, digits and inner hyphens, not digits alone.
bool is_top_label(std::string_view label) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    const bool ldh =
        std::all_of(label.begin(), label.end(), [](char c) { return ascii_alnum(c) || c == '-'; });
    return ldh && !std::all_of(label.begin(), label.end(), ascii_digit);
}

/// `tail` is what stands behind the last macro.
bool ends_like_a_domain(std::string_view tail) {
    if (tail.ends_with('.')) tail.remove_suffix(1);
    const std::size_t dot = tail.rfind('.');
    return dot != std::string_view::npos && is_top_label(tail.substr(dot + 1));
}

std::string url_escaped(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        if (ascii_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
            escaped += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            escaped += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
    }
    return escaped;
}

std::vector<std::string_view> split(std::string_view text, std::string_view delimiters) {
    std::vector<std::string_view> parts;
    for (std::size_t from = 0;;) {
        const std::size_t to = std::min(text.find_first_of(delimiters, from), text.size());
        parts.push_back(text.substr(from, to - from));
        if (to == text.size()) return parts;
        from = to + 1;
    }
}

/// "%%", "%_", "%-"; empty: none of them.
std::string_view escape_of(char c) {
    switch (c) {
        case '%':
            return "%";
        case '_':
            return " ";
        case '-':
            return "%20";
        default:
            return {};
    }
}

}  // namespace

Outcome<MacroString::Macro, SyntaxError> MacroString::parse_macro(std::string_view inner,
                                                                  Kind kind) {
    if (inner.empty()) return Failure{SyntaxError("an empty macro")};
    Macro macro;
    macro.letter = ascii_lower(inner.front());
    macro.escape = macro.letter != inner.front();
    const std::string_view allowed = kind == Kind::Explanation ? kExplanationLetters : kLetters;
    if (allowed.find(macro.letter) == std::string_view::npos) {
        return Failure{SyntaxError("an unknown macro letter")};
    }
    inner.remove_prefix(1);
    bool digits = false;
    for (; !inner.empty() && ascii_digit(inner.front()); inner.remove_prefix(1)) {
        const auto digit = static_cast<std::size_t>(inner.front() - '0');
        macro.parts = std::min(macro.parts * 10 + digit, kMostParts);
        digits = true;
    }
    if (digits && macro.parts == 0) return Failure{SyntaxError("a macro that keeps no part")};
    if (!inner.empty() && ascii_lower(inner.front()) == 'r') {
        macro.reversed = true;
        inner.remove_prefix(1);
    }
    if (inner.find_first_not_of(kDelimiters) != std::string_view::npos) {
        return Failure{SyntaxError("a malformed macro")};
    }
    macro.delimiters = inner;
    return macro;
}

Outcome<MacroString, SyntaxError> MacroString::parse(std::string_view text, Kind kind) {
    MacroString parsed;
    std::string literal;
    bool ends_in_macro = false;
    const auto flush = [&] {
        if (!literal.empty()) parsed.pieces_.emplace_back(std::move(literal));
        literal.clear();
    };
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c != '%') {
            if (!is_visible(c) && !(kind == Kind::Explanation && c == ' ')) {
                return Failure{SyntaxError("a byte that is not printable ASCII")};
            }
            literal += c;
            ends_in_macro = false;
            ++i;
            continue;
        }
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        ends_in_macro = true;
        flush();
        if (const auto escape = escape_of(next); !escape.empty()) {
            parsed.pieces_.emplace_back(std::string(escape));
            i += 2;
            continue;
        }
        const std::size_t close = next == '{' ? text.find('}', i) : std::string_view::npos;
        if (close == std::string_view::npos) return Failure{SyntaxError("a stray \"%\"")};
        const auto macro = parse_macro(text.substr(i + 2, close - i - 2), kind);
        if (!macro) return Failure{macro.error()};
        parsed.pieces_.emplace_back(*macro);
        i = close + 1;
    }
    if (kind == Kind::DomainSpec && !ends_in_macro && !ends_like_a_domain(literal)) {
        return Failure{SyntaxError("no domain name")};
    }
    flush();
    return parsed;
}

Outcome<MacroString, SyntaxError> MacroString::parse_domain_spec(std::string_view text) {
    return parse(text, Kind::DomainSpec);
}

Outcome<MacroString, SyntaxError> MacroString::parse_macro_string(std::string_view text) {
    return parse(text, Kind::MacroText);
}

Outcome<MacroString, SyntaxError> MacroString::parse_explanation(std::string_view text) {
    return parse(text, Kind::Explanation);
}

std::string MacroString::expand_macro(const Macro& macro, const Values& values) {
    std::string value = values(macro.letter);
    if (macro.parts != 0 || macro.reversed || !macro.delimiters.empty()) {
        auto parts = split(value, macro.delimiters.empty() ? "." : macro.delimiters);
        if (macro.reversed) std::reverse(parts.begin(), parts.end());
        const std::size_t kept =
            macro.parts == 0 ? parts.size() : std::min(macro.parts, parts.size());
        std::string joined;
        for (std::size_t i = parts.size() - kept; i < parts.size(); ++i) {
            if (i > parts.size() - kept) joined += '.';
            joined += parts[i];
        }
        value = std::move(joined);
    }
    return macro.escape ? url_escaped(value) : value;
}

void MacroString::each(const Values& values,
                       const std::function<bool(std::string_view)>& take) const {
    for (const Piece& piece : pieces_) {
        const auto* literal = std::get_if<std::string>(&piece);
        const bool more = literal != nullptr ? take(*literal)
                                             : take(expand_macro(std::get<Macro>(piece), values));
        if (!more) return;
    }
}

std::string MacroString::expand_name(const Values& values) const {
    std::string name;
    each(values, [&](std::string_view piece) {
        name += piece;
        if (name.size() > kTrimAt) name.erase(0, name.size() - kTrimAt / 2);
        return true;
    });
    if (name.ends_with('.')) name.pop_back();
    while (name.size() > kMaxName) {
        const std::size_t dot = name.find('.', name.size() - kMaxName - 1);
        name.erase(0, dot == std::string::npos ? name.size() : dot + 1);
    }
    return name;
}

std::string MacroString::expand_text(const Values& values, std::size_t longest) const {
    std::string text;
    each(values, [&](std::string_view piece) {
        text += piece.substr(0, longest - text.size());
        return text.size() < longest;
    });
    return text;
}

bool MacroString::uses(std::string_view letters) const {
    return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
        const auto* macro = std::get_if<Macro>(&piece);
        return macro != nullptr && letters.find(macro->letter) != std::string_view::npos;
    });
}

}  // namespace postern::auth::spf
