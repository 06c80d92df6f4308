#include "analyzers/mime/transfer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/base/encoded_blocks.hpp"
#include "analyzers/base/quoted_printable.hpp"
#include "analyzers/mime/header_words.hpp"
#include "analyzers/mime/parameters.hpp"

namespace postern::analyzers {
namespace {

struct Row {
    std::string_view token;
    Encoding encoding;
};
constexpr std::array kTokens = {
    Row{"7bit", Encoding::Identity},
    Row{"8bit", Encoding::Identity},
    Row{"binary", Encoding::Identity},
    Row{"base64", Encoding::Base64},
    Row{"quoted-printable", Encoding::QuotedPrintable},
    Row{"x-uuencode", Encoding::Uuencode},
    Row{"x-uue", Encoding::Uuencode},
    Row{"uuencode", Encoding::Uuencode},
    Row{"x-uu", Encoding::Uuencode},
    Row{"uue", Encoding::Uuencode},
};

std::optional<Encoding> exactly(std::string_view token) {
    const auto* row = std::find_if(kTokens.begin(), kTokens.end(),
                                   [&](const Row& r) { return r.token == token; });
    if (row == kTokens.end()) return std::nullopt;
    return row->encoding;
}

void add(std::vector<Encoding>& list, Encoding encoding) {
    if (std::find(list.begin(), list.end(), encoding) == list.end()) list.push_back(encoding);
}

}  // namespace

Encodings encodings_of(const std::vector<std::string>& values) {
    Encodings result;
    for (const std::string& value : values) {
        const ParameterList read = read_parameters(value);
        const auto known = exactly(read.value);
        if (known) add(result.list, *known);
        if (known && !read.odd && read.parameters.empty()) continue;
        // "base 64", "xbase64", "=?utf-8?q?base64?=", "base64 (": some reader takes it for the
        // word.
        result.odd = true;
        std::string loose = ascii_lower(decode_words(value));
        std::erase_if(loose, [](char c) { return !ascii_alnum(c); });
        if (loose.find("64") != std::string::npos) add(result.list, Encoding::Base64);
        if (loose.find("printable") != std::string::npos) {
            add(result.list, Encoding::QuotedPrintable);
        }
        if (loose.find("uu") != std::string::npos) add(result.list, Encoding::Uuencode);
    }
    result.odd = result.odd || result.list.size() > 1;
    if (result.list.empty() || result.odd) add(result.list, Encoding::Identity);
    return result;
}

std::vector<std::string> decode_readings(std::string_view body, Encoding encoding) {
    switch (encoding) {
        case Encoding::Base64:
            return base64_readings(body);
        case Encoding::QuotedPrintable:
            return quoted_printable_readings(body);
        case Encoding::Uuencode:
            return {uuencode_read(body)};
        case Encoding::Identity:
            break;
    }
    return {std::string(body)};
}

}  // namespace postern::analyzers
