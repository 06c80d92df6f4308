#include "analyzers/mime/header_block.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "analyzers/mime/mime.hpp"

namespace postern::analyzers {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// Where the line that starts at `at` ends, its line end included.
std::size_t line_end(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end + 1;
}

std::string_view without_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Position of the colon if `line` is a field: printable ASCII, then blanks, then a colon. Control
/// characters are let through, and odd.
std::size_t colon_of(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::string_view::npos;
    std::string_view name = line.substr(0, colon);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    if (name.empty()) return std::string_view::npos;
    const bool blank = std::any_of(name.begin(), name.end(), is_blank);
    return blank ? std::string_view::npos : colon;
}

bool name_is_odd(std::string_view name) {
    return !std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// The name in lower case, without anything that cannot stand in one.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (c > ' ' && c < '\x7f') plain += ascii_lower(c);
    }
    return plain;
}

Field make_field(std::string_view field, std::size_t colon) {
    Field made{.name = field.substr(0, colon), .raw = field.substr(colon + 1), .odd = false};
    while (!made.name.empty() && is_blank(made.name.back())) {
        made.name.remove_suffix(1);
        made.odd = true;
    }
    made.odd = made.odd || name_is_odd(made.name);
    return made;
}

/// A bare CR or NUL inside a field.
bool has_odd_bytes(std::string_view field) {
    if (field.find('\0') != std::string_view::npos) return true;
    for (std::size_t at = field.find('\r'); at != std::string_view::npos;
         at = field.find('\r', at + 1)) {
        if (at + 1 >= field.size() || field[at + 1] != '\n') return true;
    }
    return false;
}

}  // namespace

std::string unfold(std::string_view raw) {
    std::string value;
    value.reserve(raw.size());
    for (const char c : raw) {
        if (c != '\r' && c != '\n' && c != '\0') value += c;
    }
    const std::size_t start = value.find_first_not_of(" \t");
    if (start == std::string::npos) return {};
    value.erase(0, start);
    value.resize(value.find_last_not_of(" \t") + 1);
    return value;
}

bool starts_content_field(std::string_view text) {
    constexpr std::string_view kPrefix = "content-";
    std::size_t at = 0;
    while (at < text.size() && at < 4 && (static_cast<unsigned char>(text[at]) <= ' ')) ++at;
    text = text.substr(at, 60);
    if (text.size() < kPrefix.size() || !ascii_iequal(text.substr(0, kPrefix.size()), kPrefix)) {
        return false;
    }
    return text.substr(0, text.find('\n')).find(':') != std::string_view::npos;
}

HeaderBlock read_header_block(std::string_view text) {
    HeaderBlock block;
    std::size_t at = text.starts_with("From ") ? line_end(text, 0) : 0;  // mbox's envelope line
    while (at < text.size()) {
        std::size_t end = line_end(text, at);
        const std::string_view line = without_end(text.substr(at, end - at));
        if (line.empty()) {
            block.end = end;
            return block;
        }
        const std::size_t colon = colon_of(line);
        if (colon == std::string_view::npos) {
            block.broken = true;
            const std::string_view next = text.substr(end, line_end(text, end) - end);
            const bool goes_on = colon_of(without_end(next)) != std::string_view::npos;
            if (!goes_on && !is_blank(line.front())) break;  // the body, without its blank line
            at = end;
            continue;
        }
        while (end < text.size() && is_blank(text[end])) end = line_end(text, end);
        const std::string_view field = text.substr(at, end - at);
        block.odd = block.odd || has_odd_bytes(without_end(field));
        if (block.fields.size() >= kMaxFields) {
            block.cut = true;
        } else {
            block.fields.push_back(make_field(field, colon));
        }
        at = end;
    }
    block.end = at;
    return block;
}

std::vector<std::string> HeaderBlock::values(std::string_view name) const {
    std::vector<std::string> found;
    for (const Field& field : fields) {
        const bool same =
            ascii_iequal(field.name, name) || (field.odd && plain_name(field.name) == name);
        if (same) found.push_back(unfold(field.raw));
    }
    return found;
}

bool HeaderBlock::has(std::string_view name) const {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return ascii_iequal(field.name, name); });
}

}  // namespace postern::analyzers
