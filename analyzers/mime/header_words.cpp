#include "analyzers/mime/header_words.hpp"

#include <algorithm>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/base/quoted_printable.hpp"

namespace postern::analyzers {
namespace {

struct Word {
    std::string_view charset;
    bool base64 = false;
    std::string_view text;
    std::size_t length = 0;
};

/// "=?charset?B?text?=" at the start of `text`. Its end is looked for on the same line only.
std::optional<Word> word_at(std::string_view text) {
    constexpr std::size_t kMaxCharset = 60;
    const std::size_t charset = text.find('?', 2);
    if (charset == std::string_view::npos || charset > kMaxCharset || charset + 2 >= text.size() ||
        text[charset + 2] != '?') {
        return std::nullopt;
    }
    const char encoding = ascii_lower(text[charset + 1]);
    if (encoding != 'b' && encoding != 'q') return std::nullopt;
    const std::size_t start = charset + 3;
    // Of "=?utf-8?q?=?=" the text is "=", or nothing: the first "?=" behind the start counts.
    const std::size_t end = text.find("?=", start);
    if (end == std::string_view::npos) return std::nullopt;
    return Word{.charset = text.substr(2, charset - 2),
                .base64 = encoding == 'b',
                .text = text.substr(start, end - start),
                .length = end + 2};
}

std::string bytes_of(const Word& word) {
    if (word.base64) return base64_read(word.text, Base64Dialect::SkipJunk).bytes;
    std::string text(word.text);
    std::replace(text.begin(), text.end(), '_', ' ');
    text += '.';  // so that blanks at the end stay
    std::string bytes = quoted_printable_read(text, QuotedPrintableDialect::KeepBroken).bytes;
    if (!bytes.empty()) bytes.pop_back();
    return bytes;
}

}  // namespace

std::string decode_words(std::string_view text) {
    std::string out;
    std::string pending;          // bytes of words that follow each other: characters may be split
    std::string pending_charset;  // over them
    const auto flush = [&] {
        if (!pending.empty()) out += to_utf8(pending, pending_charset);
        pending.clear();
    };
    std::size_t plain = 0;
    for (std::size_t at = text.find("=?"); at != std::string_view::npos; at = text.find("=?", at)) {
        const auto word = word_at(text.substr(at));
        if (!word) {
            if (text.find("?=", at + 2) == std::string_view::npos) break;
            at += 2;
            continue;
        }
        const std::string_view between = text.substr(plain, at - plain);
        const bool blanks = between.find_first_not_of(" \t\r\n") == std::string_view::npos;
        if (pending.empty() || !blanks || !ascii_iequal(word->charset, pending_charset)) {
            flush();
            if (!blanks || plain == 0) out += to_utf8(between, {});
        }
        pending_charset = word->charset;
        pending += bytes_of(*word);
        at += word->length;
        plain = at;
    }
    flush();
    return out + to_utf8(text.substr(plain), {});
}

}  // namespace postern::analyzers
