#include "analyzers/base/clean_text.hpp"

#include <cstdint>
#include <optional>

namespace postern {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

struct Scalar {
    char32_t value = 0;
    std::size_t bytes = 0;
};

unsigned byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

/// The character at the front, or nullopt when the bytes there are no well-formed UTF-8.
std::optional<Scalar> front(std::string_view text) {
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) return Scalar{lead, 1};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return std::nullopt;
    char32_t value = lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte_at(text, i) & 0xC0U) != 0x80U) return std::nullopt;
        value = (value << 6U) | (byte_at(text, i) & 0x3FU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < kSmallest[bytes] || value > 0x10FFFF || surrogate) return std::nullopt;
    return Scalar{value, bytes};
}

/// Characters that change how their neighbours look, or that nobody sees: a name written with them
/// shows something else than it is.
bool misleads(char32_t c) {
    return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xE0000 && c <= 0xE007F);
}

std::string clean(std::string_view text, std::size_t limit, bool lines) {
    std::string kept;
    while (!text.empty()) {
        const auto scalar = front(text);
        std::string_view piece = scalar ? text.substr(0, scalar->bytes) : kReplacement;
        if (scalar && (scalar->value < 0x20 || (scalar->value >= 0x7F && scalar->value < 0xA0))) {
            const bool wanted = lines && (scalar->value == '\n' || scalar->value == '\t');
            const bool dropped = lines && text.starts_with("\r\n");
            if (!wanted) piece = dropped ? "" : " ";
        } else if (scalar && misleads(scalar->value)) {
            piece = kReplacement;
        }
        if (kept.size() + piece.size() > limit) {
            while (!kept.empty() && kept.size() + kEllipsis.size() > limit) {
                while ((byte_at(kept, kept.size() - 1) & 0xC0U) == 0x80U) kept.pop_back();
                kept.pop_back();
            }
            return limit < kEllipsis.size() ? kept : kept.append(kEllipsis);
        }
        kept += piece;
        text.remove_prefix(scalar ? scalar->bytes : 1);
    }
    return kept;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t limit) {
    return clean(text, limit, false);
}

std::string clean_lines(std::string_view text, std::size_t limit) {
    return clean(text, limit, true);
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto scalar = front(text);
        if (!scalar) return false;
        text.remove_prefix(scalar->bytes);
    }
    return true;
}

}  // namespace postern
