#include "analyzers/base/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern {
namespace {

using namespace std::string_view_literals;

// What stands in the table must be a charset of glibc's own modules; names are compared without
// case and punctuation. The first is what iconv is asked for.
// clang-format off
constexpr std::array kForeign = {
    std::pair{"windows1250"sv, "CP1250"}, std::pair{"windows1251"sv, "CP1251"}, std::pair{"windows1253"sv, "CP1253"},
    std::pair{"windows1254"sv, "CP1254"}, std::pair{"windows1255"sv, "CP1255"}, std::pair{"windows1256"sv, "CP1256"},
    std::pair{"windows1257"sv, "CP1257"}, std::pair{"windows1258"sv, "CP1258"}, std::pair{"cp1250"sv, "CP1250"},
    std::pair{"cp1251"sv, "CP1251"}, std::pair{"cp866"sv, "CP866"}, std::pair{"iso88592"sv, "ISO-8859-2"},
    std::pair{"iso88595"sv, "ISO-8859-5"}, std::pair{"iso88597"sv, "ISO-8859-7"}, std::pair{"iso88598"sv, "ISO-8859-8"},
    std::pair{"iso88598i"sv, "ISO-8859-8"}, std::pair{"iso88599"sv, "ISO-8859-9"}, std::pair{"koi8r"sv, "KOI8-R"},
    std::pair{"koi8u"sv, "KOI8-U"}, std::pair{"gb2312"sv, "GB18030"}, std::pair{"gbk"sv, "GB18030"},
    std::pair{"gb18030"sv, "GB18030"}, std::pair{"big5"sv, "BIG5-HKSCS"}, std::pair{"euckr"sv, "UHC"},
    std::pair{"ksc56011987"sv, "UHC"}, std::pair{"shiftjis"sv, "CP932"}, std::pair{"sjis"sv, "CP932"},
    std::pair{"eucjp"sv, "EUC-JP"}, std::pair{"iso2022jp"sv, "ISO-2022-JP"}, std::pair{"iso2022kr"sv, "ISO-2022-KR"},
    std::pair{"tis620"sv, "TIS-620"}, std::pair{"windows874"sv, "CP874"}, std::pair{"utf7"sv, "UTF-7"},
    std::pair{"macintosh"sv, "MACINTOSH"},
};
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
    0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
// clang-format on

void append(char32_t c, std::string& out) {
    const auto byte = [&](char32_t value) {
        out += static_cast<char>(static_cast<unsigned char>(value));
    };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0U | c >> 6U);
        byte(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        byte(0xE0U | c >> 12U);
        byte(0x80U | (c >> 6U & 0x3FU));
        byte(0x80U | (c & 0x3FU));
    } else {
        byte(0xF0U | c >> 18U);
        byte(0x80U | (c >> 12U & 0x3FU));
        byte(0x80U | (c >> 6U & 0x3FU));
        byte(0x80U | (c & 0x3FU));
    }
}

std::string from_single_byte(std::string_view bytes, bool latin9) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    for (const char raw : bytes) {
        const auto c = static_cast<unsigned char>(raw);
        if (c == 0xA4 && latin9) {
            append(0x20AC, out);
        } else if (c >= 0x80 && c < 0xA0) {
            append(kWindows1252[c - 0x80U], out);  // as HTML has it, for ISO-8859-1 too
        } else {
            append(c, out);
        }
    }
    return out;
}

std::string from_utf16(std::string_view bytes, bool big) {
    if (bytes.starts_with("\xFE\xFF")) big = true;
    if (bytes.starts_with("\xFF\xFE")) big = false;
    const auto unit = [&](std::size_t at) {
        const auto first = static_cast<unsigned char>(bytes[at]);
        const auto second = static_cast<unsigned char>(bytes[at + 1]);
        return static_cast<char32_t>(big ? first << 8 | second : second << 8 | first);
    };
    std::string out;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        char32_t c = unit(at);
        if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size() && unit(at + 2) >= 0xDC00 &&
            unit(at + 2) < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10U) + (unit(at + 2) - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        if (c != 0xFEFF || at != 0) append(c, out);
    }
    return out;
}

class Iconv {
public:
    explicit Iconv(const char* charset) : handle_(iconv_open("UTF-8", charset)) {}
    ~Iconv() {
        if (valid()) iconv_close(handle_);
    }
    Iconv(Iconv&& other) noexcept : handle_(other.handle_) { other.handle_ = none(); }
    Iconv& operator=(Iconv&&) = delete;
    Iconv(const Iconv&) = delete;
    Iconv& operator=(const Iconv&) = delete;

    [[nodiscard]] bool valid() const { return handle_ != none(); }

    [[nodiscard]] std::string convert(std::string_view bytes) {
        std::string in(bytes);  // iconv takes a pointer to characters it does not change
        std::string out(bytes.size() * 3 + 3, '\0');
        char* from = in.data();
        std::size_t from_left = in.size();
        char* to = out.data();
        std::size_t to_left = out.size();
        while (from_left > 0 && to_left >= 3) {
            if (::iconv(handle_, &from, &from_left, &to, &to_left) !=
                static_cast<std::size_t>(-1)) {
                break;
            }
            if (to_left < 3 || from_left == 0) break;
            to = std::copy_n("\xEF\xBF\xBD", 3, to);
            to_left -= 3;
            ++from;
            --from_left;
        }
        out.resize(out.size() - to_left);
        return out;
    }

private:
    // NOLINTNEXTLINE(performance-no-int-to-ptr): how POSIX spells "no descriptor"
    static iconv_t none() { return reinterpret_cast<iconv_t>(-1); }
    iconv_t handle_;
};

/// "ISO-8859-1" -> "iso88591", up to a RFC 2231 language.
std::string key_of(std::string_view name) {
    std::string key;
    for (const char c : name.substr(0, std::min(name.find('*'), std::size_t{40}))) {
        if (ascii_alnum(c)) key += ascii_lower(c);
    }
    return key;
}

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), key) != names.end();
}

}  // namespace

std::string to_utf8(std::string_view bytes, std::string_view name) {
    const std::string key = key_of(name);
    if (key == "utf16be") return from_utf16(bytes, true);
    if (is_one_of(key, {"utf16le", "utf16", "unicode", "ucs2"})) {
        // Without a mark it is big-endian (RFC 2781, section 4.3), but many write it the other way.
        const bool little = bytes.size() >= 2 && bytes[0] != '\0' && bytes[1] == '\0';
        return from_utf16(bytes, key == "utf16" && !little);
    }
    if (is_one_of(key, {"iso885915", "latin9"})) return from_single_byte(bytes, true);
    if (is_one_of(key, {"iso88591", "latin1", "windows1252", "cp1252", "ansix341968"})) {
        return from_single_byte(bytes, false);
    }
    const auto* foreign = std::find_if(kForeign.begin(), kForeign.end(),
                                       [&](const auto& row) { return row.first == key; });
    if (foreign != kForeign.end()) {
        Iconv converter(foreign->second);
        if (converter.valid()) return converter.convert(bytes);
    }
    if (key.starts_with("utf8") || is_utf8(bytes)) return std::string(bytes);
    return from_single_byte(bytes, false);
}

struct CharsetWarmUp::State {
    std::vector<Iconv> open;
};

CharsetWarmUp::CharsetWarmUp() : state_(std::make_unique<State>()) {
    for (const auto& [key, charset] : kForeign) {
        Iconv converter(charset);
        if (converter.valid()) state_->open.push_back(std::move(converter));
    }
}

CharsetWarmUp::~CharsetWarmUp() = default;

}  // namespace postern
