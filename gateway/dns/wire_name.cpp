#include "gateway/dns/wire_name.hpp"

#include "analyzers/base/ascii.hpp"

namespace postern::dns {
namespace {

/// One character of presentation form; nullopt: a broken escape or a byte nobody may ask for.
std::optional<char> take_character(std::string_view& text) {
    const char first = text.front();
    text.remove_prefix(1);
    if (first < ' ' || first > '~') return std::nullopt;  // a char above 127 is negative or above ~
    if (first != '\\') return ascii_lower(first);
    if (text.empty()) return std::nullopt;
    if (!ascii_digit(text.front())) {
        const char escaped = text.front();
        text.remove_prefix(1);
        if (escaped < ' ' || escaped > '~') return std::nullopt;
        return ascii_lower(escaped);
    }
    if (text.size() < 3 || !ascii_digit(text[1]) || !ascii_digit(text[2])) return std::nullopt;
    const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(3);
    if (value > 255) return std::nullopt;
    return ascii_lower(static_cast<char>(static_cast<unsigned char>(value)));
}

bool end_label(std::string& wire, std::size_t& length_at) {
    const std::size_t length = wire.size() - length_at - 1;
    if (length == 0 || length > kMaxLabelBytes) return false;
    wire[length_at] = static_cast<char>(length);
    length_at = wire.size();
    wire.push_back('\0');
    return true;
}

bool is_plain(char c) {
    return ascii_alnum(c) || c == '-' || c == '_' || c == '/' || c == '*' || c == '+';
}

void append_escaped(std::string& text, char c) {
    if (is_plain(c)) {
        text += c;
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '\\';
    text += static_cast<char>('0' + byte / 100);
    text += static_cast<char>('0' + byte / 10 % 10);
    text += static_cast<char>('0' + byte % 10);
}

}  // namespace

std::optional<std::string> wire_name(std::string_view text) {
    if (text.empty() || text == ".") return std::string(1, '\0');
    std::string wire(1, '\0');
    std::size_t length_at = 0;
    while (!text.empty()) {
        if (text.front() == '.') {
            text.remove_prefix(1);
            if (!end_label(wire, length_at)) return std::nullopt;
        } else {
            const auto c = take_character(text);
            if (!c) return std::nullopt;
            wire.push_back(*c);
        }
        if (wire.size() > kMaxNameBytes) return std::nullopt;
    }
    const bool dot_at_end = length_at + 1 == wire.size();
    if (!dot_at_end && !end_label(wire, length_at)) return std::nullopt;
    if (wire.size() > kMaxNameBytes) return std::nullopt;
    return wire;
}

std::string name_text(std::string_view wire) {
    std::string text;
    std::size_t at = 0;
    while (at < wire.size() && wire[at] != '\0') {
        const auto length = static_cast<unsigned char>(wire[at]);
        if (!text.empty()) text += '.';
        for (const char c : wire.substr(at + 1, length)) append_escaped(text, c);
        at += std::size_t{1} + length;
    }
    return text;
}

std::optional<std::string> read_name(ByteView packet, std::size_t& at) {
    std::string wire;
    std::size_t position = at;
    std::size_t lowest = at;  // a pointer has to go below this
    bool jumped = false;
    while (position < packet.size()) {
        const auto length = std::to_integer<std::size_t>(packet[position]);
        if (length >= 0xC0) {
            if (position + 1 >= packet.size()) return std::nullopt;
            const std::size_t target =
                (length & 0x3F) << 8 | std::to_integer<std::size_t>(packet[position + 1]);
            if (target >= lowest) return std::nullopt;
            if (!jumped) at = position + 2;
            jumped = true;
            lowest = target;
            position = target;
            continue;
        }
        if (length > kMaxLabelBytes || length >= packet.size() - position) return std::nullopt;
        if (wire.size() + length + 1 > kMaxNameBytes) return std::nullopt;
        wire.push_back(static_cast<char>(length));
        for (const char c : as_text(packet.subspan(position + 1, length))) {
            wire.push_back(ascii_lower(c));
        }
        position += length + 1;
        if (length == 0) {
            if (!jumped) at = position;
            return wire;
        }
    }
    return std::nullopt;
}

bool is_within(std::string_view name, std::string_view ancestor) {
    while (name.size() > ancestor.size()) {
        name.remove_prefix(std::size_t{1} + static_cast<unsigned char>(name.front()));
    }
    return name == ancestor;
}

}  // namespace postern::dns
