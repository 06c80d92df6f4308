#include "gateway/smtp/reply.hpp"

#include "analyzers/base/ascii.hpp"

namespace postern::smtp {
namespace {

constexpr int kLowest = 200;
constexpr int kHighest = 599;
constexpr int kLocalError = 451;

/// "C.D.D" with C in {2,4,5}, subject and detail of one to three digits.
bool is_enhanced(std::string_view text) {
    int parts = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0) return false;
            ++parts;
            digits = 0;
        } else if (!ascii_digit(c) || ++digits > 3) {
            return false;
        }
    }
    return parts == 2 && digits > 0 && text[1] == '.';
}

void append_line(std::string& out, int code, bool last, std::string_view words) {
    std::string line = std::to_string(code) + (last ? ' ' : '-');
    line.reserve(line.size() + words.size());
    for (const char c : words) line += c >= ' ' && c < '\x7f' ? c : '?';
    if (line.size() > kMaxReplyLine) line.resize(kMaxReplyLine);
    out += line;
    out += "\r\n";
}

}  // namespace

std::string to_wire(const Reply& reply) {
    const bool known = reply.code >= kLowest && reply.code <= kHighest;
    const int code = known ? reply.code : kLocalError;
    std::string enhanced = reply.enhanced;
    if (!enhanced.empty() || !known) {
        const char digit = static_cast<char>('0' + code / 100);
        if (!is_enhanced(enhanced) || enhanced.front() != digit) {
            enhanced = std::string(1, digit) + ".0.0";
        }
        enhanced += ' ';
    }
    std::string out;
    append_line(out, code, reply.more.empty(), enhanced + reply.text);
    for (std::size_t i = 0; i < reply.more.size(); ++i) {
        append_line(out, code, i + 1 == reply.more.size(), reply.more[i]);
    }
    return out;
}

}  // namespace postern::smtp
