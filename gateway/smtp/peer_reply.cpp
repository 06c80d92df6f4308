#include "gateway/smtp/peer_reply.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/base/ascii.hpp"

namespace postern::smtp {
namespace {

/// The length of the enhanced code in front of `line` (RFC 3463: class.subject.detail); 0: none.
std::size_t enhanced_length(std::string_view line) {
    std::size_t at = 0;
    for (int part = 0; part < 3; ++part) {
        const std::size_t start = at;
        while (at < line.size() && ascii_digit(line[at])) ++at;
        const std::size_t digits = at - start;
        if (digits == 0 || digits > (part == 0 ? 1U : 3U)) return 0;
        if (part < 2) {
            if (at == line.size() || line[at] != '.') return 0;
            ++at;
        }
    }
    return at == line.size() || line[at] == ' ' ? at : 0;
}

/// Adds `line` in printable ASCII: runs of anything else become one space or '?'.
void append_printable(std::string& text, std::string_view line) {
    if (!text.empty() && text.back() != ' ') text += ' ';
    for (const char c : line) {
        if (text.size() >= kMaxReplyText) return;
        if (c > ' ' && c < '\x7f') {
            text += c;
        } else if (c == ' ' || c == '\t') {
            if (!text.empty() && text.back() != ' ') text += ' ';
        } else {
            text += '?';
        }
    }
}

}  // namespace

std::string PeerReply::words() const {
    return text.empty() ? enhanced : enhanced + ' ' + text;
}

PeerReply clean_reply(const RawReply& reply) {
    const char digit = static_cast<char>('0' + reply.code / 100);
    // 354 has no enhanced code of its own class (RFC 2034 4); nobody passes it on.
    const char enhanced_class = digit == '3' ? '2' : digit;
    PeerReply clean{.code = reply.code};
    for (const std::string& raw : reply.lines) {
        std::string_view line = raw;
        const std::size_t length = enhanced_length(line);
        if (length != 0 && line.front() == enhanced_class) {
            if (clean.enhanced.empty()) clean.enhanced = line.substr(0, length);
            line.remove_prefix(std::min(length + 1, line.size()));
        }
        append_printable(clean.text, line);
    }
    while (!clean.text.empty() && clean.text.back() == ' ') clean.text.pop_back();
    if (clean.enhanced.empty()) clean.enhanced = std::string(1, enhanced_class) + ".0.0";
    return clean;
}

std::string_view explain(ReplyError error) {
    switch (error) {
        case ReplyError::LineTooLong:
            return "a reply line is too long";
        case ReplyError::TooManyLines:
            return "a reply has too many lines";
        case ReplyError::TooLong:
            return "a reply is too long";
        case ReplyError::NotAReply:
            return "a line is not an SMTP reply";
        case ReplyError::CodesDiffer:
            return "the lines of a reply have different codes";
        case ReplyError::LineEnd:
            return "a reply line does not end in CRLF";
    }
    return "";
}

void ReplyReader::forget() {
    input_.clear();
    partial_ = {};
    partial_size_ = 0;
}

Failure<ReplyError> ReplyReader::fail(ReplyError error) {
    failed_ = error;
    forget();
    return Failure{error};
}

std::optional<Outcome<RawReply, ReplyError>> ReplyReader::next() {
    if (failed_) return fail(*failed_);
    for (;;) {
        const std::size_t lf = input_.find('\n');
        if (std::min(lf, input_.size()) >= limits_.line) return fail(ReplyError::LineTooLong);
        if (lf == std::string::npos) return std::nullopt;
        const std::string line = input_.substr(0, lf + 1);
        input_.erase(0, lf + 1);
        const auto last = take_line(line);
        if (!last) return fail(last.error());
        if (*last) {
            partial_size_ = 0;
            return std::exchange(partial_, {});
        }
    }
}

/// True when `line` was the last one of its reply.
Outcome<bool, ReplyError> ReplyReader::take_line(std::string_view line) {
    if (!line.ends_with("\r\n")) return Failure{ReplyError::LineEnd};
    partial_size_ += line.size();
    if (partial_size_ > limits_.total) return Failure{ReplyError::TooLong};
    line.remove_suffix(2);
    const bool code = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' &&
                      ascii_digit(line[1]) && ascii_digit(line[2]);
    if (!code || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
        return Failure{ReplyError::NotAReply};
    }
    const int number = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (!partial_.lines.empty() && partial_.code != number) {
        return Failure{ReplyError::CodesDiffer};
    }
    if (partial_.lines.size() >= limits_.lines) return Failure{ReplyError::TooManyLines};
    partial_.code = number;
    partial_.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
    return line.size() == 3 || line[3] == ' ';
}

}  // namespace postern::smtp
