#include "analyzers/url/host.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxHost = 253;

std::optional<unsigned> digit(char c, unsigned radix) {
    unsigned value = 99;
    if (ascii_digit(c)) value = static_cast<unsigned>(c - '0');
    const char lower = ascii_lower(c);
    if (lower >= 'a' && lower <= 'f') value = static_cast<unsigned>(lower - 'a' + 10);
    if (value >= radix) return std::nullopt;
    return value;
}

/// A number as C writes it: 0x hexadecimal, 0 octal.
std::optional<std::uint64_t> number(std::string_view text) {
    if (text.empty()) return std::nullopt;
    unsigned radix = 10;
    if (text.size() >= 2 && text[0] == '0' && ascii_lower(text[1]) == 'x') {
        radix = 16;
        text.remove_prefix(2);
    } else if (text.size() >= 2 && text[0] == '0') {
        radix = 8;
        text.remove_prefix(1);
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto here = digit(c, radix);
        if (!here) return std::nullopt;
        value = std::min<std::uint64_t>(value * radix + *here, std::uint64_t{1} << 40);
    }
    return value;
}

std::vector<std::string_view> labels_of(std::string_view host) {
    std::vector<std::string_view> labels;
    while (true) {
        const std::size_t dot = host.find('.');
        labels.push_back(host.substr(0, dot));
        if (dot == std::string_view::npos) return labels;
        host.remove_prefix(dot + 1);
    }
}

/// Browsers take a host for an IPv4 address if its last label is a number.
bool ends_in_number(std::vector<std::string_view> labels) {
    if (labels.size() > 1 && labels.back().empty()) labels.pop_back();
    const std::string_view last = labels.back();
    if (last.empty()) return false;
    return std::all_of(last.begin(), last.end(), ascii_digit) ||
           (number(last) && last.size() >= 2 && ascii_lower(last[1]) == 'x');
}

std::optional<std::string> read_ipv4(std::string_view host) {
    std::vector<std::string_view> labels = labels_of(host);
    if (labels.size() > 1 && labels.back().empty()) labels.pop_back();
    if (labels.size() > 4) return std::nullopt;
    std::uint64_t address = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto value = number(labels[i]);
        const bool last = i + 1 == labels.size();
        const std::uint64_t most =
            last ? (std::uint64_t{1} << (8 * (5 - labels.size()))) - 1 : std::uint64_t{255};
        if (!value || *value > most) return std::nullopt;
        address += last ? *value : *value << (8 * (3 - i));
    }
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(address >> static_cast<unsigned>(shift) & 255U);
        if (shift > 0) text += '.';
    }
    return text;
}

std::optional<std::string> read_ipv6(std::string_view text) {
    in6_addr address{};
    if (text.size() > 60 || inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
        return std::nullopt;
    }
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (inet_ntop(AF_INET6, &address, out.data(), out.size()) == nullptr) return std::nullopt;
    return '[' + std::string(out.data()) + ']';
}

std::u32string decode_utf8(std::string_view text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        char32_t value = length == 1 ? lead : lead & (0x7FU >> length);
        for (std::size_t j = 1; j < length; ++j) {
            value = value << 6U | (static_cast<unsigned char>(text[i + j]) & 0x3FU);
        }
        out += value;
        i += length;
    }
    return out;
}

/// What UTS 46 does to the characters that are used to disguise a host: wide forms become ASCII,
/// foreign full stops dots, invisible ones nothing, capitals small letters.
char32_t mapped(char32_t c) {
    if (c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF) return 0;
    if (c == 0x3002 || c == 0xFF0E || c == 0xFF61) return '.';
    if (c >= 0xFF01 && c <= 0xFF5E) c = c - 0xFF01 + '!';
    if (c >= 'A' && c <= 'Z') return c + 32;
    const bool latin1 = c >= 0xC0 && c <= 0xDE && c != 0xD7;
    if (latin1 || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    if (c >= 0x100 && c <= 0x137) return c | 1U;
    return c;
}

// RFC 3492, section 6.
std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    std::uint32_t k = 0;
    for (; delta > 455; k += 36) delta /= 35;
    return k + 36 * delta / (delta + 38);
}

std::string punycode(const std::u32string& label) {
    std::string out;
    for (const char32_t c : label) {
        if (c < 0x80) out += static_cast<char>(c);
    }
    const auto basic = static_cast<std::uint32_t>(out.size());
    std::uint32_t handled = basic;
    if (basic > 0) out += '-';
    char32_t n = 128;
    std::uint32_t delta = 0;
    std::uint32_t bias = 72;
    while (handled < label.size()) {
        char32_t next = 0x10FFFF;
        for (const char32_t c : label) {
            if (c >= n) next = std::min(next, c);
        }
        delta += (next - n) * (handled + 1);  // labels are short: no overflow
        n = next;
        for (const char32_t c : label) {
            if (c < n) ++delta;
            if (c != n) continue;
            std::uint32_t q = delta;
            for (std::uint32_t k = 36;; k += 36) {
                const std::uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
                const std::uint32_t value = q < t ? q : t + (q - t) % (36 - t);
                out += static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
                if (q < t) break;
                q = (q - t) / (36 - t);
            }
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            ++handled;
        }
        ++delta;
        ++n;
    }
    return out;
}

std::string to_ascii(std::string_view host) {
    std::string out;
    std::u32string label;
    const auto finish = [&] {
        const bool plain =
            std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; });
        if (plain) {
            for (const char32_t c : label) out += static_cast<char>(c);
        } else {
            out += "xn--" + punycode(label);
        }
        label.clear();
    };
    for (const char32_t c : decode_utf8(host)) {
        const char32_t use = mapped(c);
        if (use == 0) continue;
        if (use == '.') {
            finish();
            out += '.';
        } else if (label.size() < 64) {  // longer ones are no label, and punycode is quadratic
            label += use;
        }
    }
    finish();
    return out;
}

bool forbidden(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F ||
           std::string_view("#/:<>?@[\\]^|%").find(c) != std::string_view::npos;
}

}  // namespace

std::string undo_escapes(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1], 16) &&
            digit(text[i + 2], 16)) {
            out += static_cast<char>(
                static_cast<unsigned char>(*digit(text[i + 1], 16) * 16 + *digit(text[i + 2], 16)));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::optional<std::string> read_host(std::string_view text, std::vector<std::string>& flags) {
    if (text.starts_with('[')) {
        if (!text.ends_with(']')) return std::nullopt;
        auto address = read_ipv6(text.substr(1, text.size() - 2));
        if (address) flags.emplace_back("ip-host");
        return address;
    }
    std::string host = undo_escapes(text);
    if (!is_utf8(host)) return std::nullopt;
    const bool ascii = std::all_of(host.begin(), host.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii) flags.emplace_back("non-ascii");
    host = ascii ? ascii_lower(host) : to_ascii(host);
    if (host.empty() || std::any_of(host.begin(), host.end(), forbidden)) return std::nullopt;
    if (host.starts_with("xn--") || host.find(".xn--") != std::string::npos) {
        flags.emplace_back("punycode");
    }
    if (!ends_in_number(labels_of(host))) {
        if (host.size() > kMaxHost + 1) return std::nullopt;
        return host;
    }
    auto address = read_ipv4(host);
    if (!address) return std::nullopt;
    flags.emplace_back("ip-host");
    if (*address != text) flags.emplace_back("obscured-ip");
    return address;
}

}  // namespace postern::analyzers
