#include "web/server/target.hpp"

#include <algorithm>

#include "analyzers/base/clean_text.hpp"

namespace postern::web {
namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

bool visible_ascii(char c) {
    return c > ' ' && c < '\x7f';
}

bool control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (!visible_ascii(c) || c == '#') return std::nullopt;
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const auto high = hex_digit(text[i + 1]);
            const auto low = hex_digit(text[i + 2]);
            if (!high || !low) return std::nullopt;
            c = static_cast<char>(*high * 16 + *low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (control(c)) return std::nullopt;
        out += c;
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

/// An escaped slash would move the borders of segments, and a dot segment climbs.
bool plain_segments(std::string_view path) {
    for (std::size_t start = 1; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view segment = path.substr(start, end - start);
        if (segment.empty() || segment == "." || segment == "..") return false;
        start = end + 1;
    }
    return path.find('\\') == std::string_view::npos;
}

bool has_escaped_slash(std::string_view raw) {
    return raw.find("%2f") != std::string_view::npos || raw.find("%2F") != std::string_view::npos;
}

std::optional<std::vector<Field>> parse_query(std::string_view text) {
    std::vector<Field> fields;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (field.empty()) continue;
        if (fields.size() == kMaxQueryFields) return std::nullopt;
        const std::size_t equals = std::min(field.find('='), field.size());
        auto name = decoded(field.substr(0, equals), true);
        auto value = decoded(field.substr(std::min(equals + 1, field.size())), true);
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
    if (text.empty() || text.size() > kMaxTarget || text.front() != '/') return std::nullopt;
    const std::size_t mark = std::min(text.find('?'), text.size());
    const std::string_view raw = text.substr(0, mark);
    auto path = decoded(raw, false);
    auto query = parse_query(text.substr(std::min(mark + 1, text.size())));
    if (!path || !query || has_escaped_slash(raw) || !plain_segments(*path)) return std::nullopt;
    return Target{std::move(*path), std::move(*query)};
}

}  // namespace postern::web
