#include <algorithm>
#include <array>
#include <cstdint>

#include "analyzers/base/ascii.hpp"
#include "analyzers/html/tokenizer.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

struct Reference {
    std::string_view name;
    std::string_view text;
};
// Those that can build or hide an address, and those of ordinary letters and punctuation.
// clang-format off
constexpr std::array kReferences = {
    Reference{"amp", "&"}, Reference{"lt", "<"}, Reference{"gt", ">"}, Reference{"quot", "\""}, Reference{"apos", "'"},
    Reference{"AMP", "&"}, Reference{"LT", "<"}, Reference{"GT", ">"}, Reference{"QUOT", "\""},
    Reference{"nbsp", "\u00a0"}, Reference{"Tab", "\t"}, Reference{"NewLine", "\n"}, Reference{"colon", ":"}, Reference{"sol", "/"},
    Reference{"bsol", "\\"}, Reference{"period", "."}, Reference{"comma", ","}, Reference{"semi", ";"}, Reference{"commat", "@"},
    Reference{"num", "#"}, Reference{"percnt", "%"}, Reference{"quest", "?"}, Reference{"equals", "="}, Reference{"excl", "!"},
    Reference{"lpar", "("}, Reference{"rpar", ")"}, Reference{"lsqb", "["}, Reference{"lbrack", "["}, Reference{"rsqb", "]"},
    Reference{"rbrack", "]"}, Reference{"lcub", "{"}, Reference{"rcub", "}"}, Reference{"lowbar", "_"}, Reference{"plus", "+"},
    Reference{"ast", "*"}, Reference{"dollar", "$"}, Reference{"hyphen", "\u2010"}, Reference{"dash", "\u2010"}, Reference{"grave", "`"},
    Reference{"Hat", "^"}, Reference{"verbar", "|"}, Reference{"vert", "|"}, Reference{"shy", "\u00ad"}, Reference{"zwnj", "\u200c"},
    Reference{"zwj", "\u200d"}, Reference{"ZeroWidthSpace", "\u200b"}, Reference{"ensp", "\u2002"}, Reference{"emsp", "\u2003"},
    Reference{"thinsp", "\u2009"}, Reference{"ndash", "\u2013"}, Reference{"mdash", "\u2014"}, Reference{"hellip", "\u2026"},
    Reference{"lsquo", "\u2018"}, Reference{"rsquo", "\u2019"}, Reference{"ldquo", "\u201c"}, Reference{"rdquo", "\u201d"},
    Reference{"laquo", "\u00ab"}, Reference{"raquo", "\u00bb"}, Reference{"bull", "\u2022"}, Reference{"middot", "\u00b7"},
    Reference{"copy", "\u00a9"}, Reference{"reg", "\u00ae"}, Reference{"trade", "\u2122"}, Reference{"euro", "\u20ac"},
    Reference{"pound", "\u00a3"}, Reference{"yen", "\u00a5"}, Reference{"sect", "\u00a7"}, Reference{"deg", "\u00b0"},
    Reference{"auml", "\u00e4"}, Reference{"ouml", "\u00f6"}, Reference{"uuml", "\u00fc"}, Reference{"Auml", "\u00c4"},
    Reference{"Ouml", "\u00d6"}, Reference{"Uuml", "\u00dc"}, Reference{"szlig", "\u00df"}, Reference{"eacute", "\u00e9"},
    Reference{"egrave", "\u00e8"}, Reference{"agrave", "\u00e0"}, Reference{"aacute", "\u00e1"}, Reference{"acirc", "\u00e2"},
    Reference{"ecirc", "\u00ea"}, Reference{"iacute", "\u00ed"}, Reference{"oacute", "\u00f3"}, Reference{"ocirc", "\u00f4"},
    Reference{"uacute", "\u00fa"}, Reference{"ntilde", "\u00f1"}, Reference{"ccedil", "\u00e7"}, Reference{"aring", "\u00e5"},
    Reference{"aelig", "\u00e6"}, Reference{"oslash", "\u00f8"}, Reference{"iexcl", "\u00a1"}, Reference{"iquest", "\u00bf"},
    Reference{"times", "\u00d7"}, Reference{"rarr", "\u2192"}, Reference{"larr", "\u2190"}, Reference{"check", "\u2713"},
};
// clang-format on

void append(std::uint32_t c, std::string& out) {
    const auto byte = [&](std::uint32_t value) {
        out += static_cast<char>(static_cast<unsigned char>(value));
    };
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
    if (c < 0x80) return byte(c);
    if (c >= 0x10000) {
        byte(0xF0U | c >> 18U);
        byte(0x80U | (c >> 12U & 0x3FU));
    } else if (c >= 0x800) {
        byte(0xE0U | c >> 12U);
    }
    if (c < 0x800) {
        byte(0xC0U | c >> 6U);
    } else {
        byte(0x80U | (c >> 6U & 0x3FU));
    }
    byte(0x80U | (c & 0x3FU));
}

/// Reads "#123" or "#x1f"; how much of `text` it takes, 0 for none.
std::size_t number(std::string_view text, std::string& out) {
    const bool hex = text.size() > 1 && ascii_lower(text[1]) == 'x';
    std::size_t at = hex ? 2 : 1;
    const std::size_t start = at;
    std::uint32_t value = 0;
    for (; at < text.size(); ++at) {
        const char lower = ascii_lower(text[at]);
        const bool letter = hex && lower >= 'a' && lower <= 'f';
        if (!ascii_digit(lower) && !letter) break;
        const int digit = letter ? lower - 'a' + 10 : lower - '0';
        value = std::min<std::uint32_t>(
            value * (hex ? 16U : 10U) + static_cast<std::uint32_t>(digit), 0x110000);
    }
    if (at == start) return 0;
    append(value, out);
    return at;
}

std::size_t named(std::string_view text, std::string& out) {
    std::size_t length = 0;
    while (length < text.size() && length < 20 && ascii_alnum(text[length])) ++length;
    const std::string_view name = text.substr(0, length);
    const auto* reference = std::find_if(kReferences.begin(), kReferences.end(),
                                         [&](const Reference& r) { return r.name == name; });
    if (reference == kReferences.end()) return 0;
    // Without its semicolon "&copy=1" of an address stays what it is.
    const bool closed = length < text.size() && text[length] == ';';
    if (!closed && length < text.size() && text[length] == '=') return 0;
    out += reference->text;
    return length;
}

}  // namespace

std::string decode_references(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t mark = std::min(text.find('&', at), text.size());
        out += text.substr(at, mark - at);
        at = mark;
        if (at == text.size()) break;
        const std::string_view after = text.substr(at + 1);
        const std::size_t length = after.starts_with('#') ? number(after, out) : named(after, out);
        if (length == 0) out += '&';
        at += 1 + length;
        if (length > 0 && at < text.size() && text[at] == ';') ++at;
    }
    return out;
}

}  // namespace postern::analyzers
