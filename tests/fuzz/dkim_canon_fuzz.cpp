/// @file However a body is cut into pieces, its hashes are the same; and they are those of a plain
/// canonicalization that looks at the whole body.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace {

using postern::auth::dkim::BodyHasher;
using postern::auth::dkim::BodyHashKind;
using postern::auth::dkim::Canonicalization;

bool line_end_at(std::string_view body, std::size_t at) {
    return at + 1 < body.size() && body[at] == '\r' && body[at + 1] == '\n';
}

/// RFC 6376 3.4.4 read word for word.
std::string reduced(std::string_view body) {
    std::string text;
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] != ' ' && body[i] != '\t') {
            text += body[i++];
            continue;
        }
        while (i < body.size() && (body[i] == ' ' || body[i] == '\t')) ++i;
        if (i < body.size() && !line_end_at(body, i)) text += ' ';
    }
    return text;
}

std::string ended(std::string text, bool empty_is_line) {
    while (text.ends_with("\r\n")) text.resize(text.size() - 2);
    if (!text.empty() || empty_is_line) text += "\r\n";
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::size_t piece = std::size_t{1} + data[0] % 67;
    const std::uint64_t length = data[1];
    const std::string_view body(static_cast<const char*>(static_cast<const void*>(data + 2)),
                                size - 2);
    std::vector<BodyHashKind> kinds;
    for (const auto form : {Canonicalization::Simple, Canonicalization::Relaxed}) {
        kinds.push_back({form, std::nullopt});
        kinds.push_back({form, length});
        kinds.push_back({form, length * 5});
    }
    BodyHasher hasher(kinds);
    for (std::size_t at = 0; at < body.size(); at += piece) hasher.update(body.substr(at, piece));
    hasher.finish();
    for (const BodyHashKind& kind : kinds) {
        const bool simple = kind.canonicalization == Canonicalization::Simple;
        const std::string whole =
            simple ? ended(std::string(body), true) : ended(reduced(body), false);
        const std::string part = kind.length ? whole.substr(0, *kind.length) : whole;
        const auto found = hasher.find(kind);
        if (!found || found->body_size != whole.size()) std::abort();
        if (found->digest != postern::auth::dkim::sha256(part)) std::abort();
        if (found->partial != (part.size() < whole.size())) std::abort();
        if (found->too_short != (kind.length && *kind.length > whole.size())) std::abort();
    }
    return 0;
}
