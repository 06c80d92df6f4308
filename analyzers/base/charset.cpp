#include "analyzers/base/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/base/charset_tables.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern {
namespace {

using namespace std::string_view_literals;

// What stands in the table must be a charset of glibc's own modules; names are compared without
// case and punctuation. The first is what iconv is asked for.
// clang-format off
constexpr std::array kForeign = {
    std::pair{"windows1250"sv, "CP1250"sv}, std::pair{"windows1251"sv, "CP1251"sv}, std::pair{"windows1253"sv, "CP1253"sv},
    std::pair{"windows1254"sv, "CP1254"sv}, std::pair{"windows1255"sv, "CP1255"sv}, std::pair{"windows1256"sv, "CP1256"sv},
    std::pair{"windows1257"sv, "CP1257"sv}, std::pair{"windows1258"sv, "CP1258"sv}, std::pair{"cp1250"sv, "CP1250"sv},
    std::pair{"cp1251"sv, "CP1251"sv}, std::pair{"cp866"sv, "CP866"sv}, std::pair{"iso88592"sv, "ISO-8859-2"sv},
    std::pair{"iso88595"sv, "ISO-8859-5"sv}, std::pair{"iso88597"sv, "ISO-8859-7"sv}, std::pair{"iso88598"sv, "ISO-8859-8"sv},
    std::pair{"iso88598i"sv, "ISO-8859-8"sv}, std::pair{"iso88599"sv, "ISO-8859-9"sv}, std::pair{"koi8r"sv, "KOI8-R"sv},
    std::pair{"koi8u"sv, "KOI8-U"sv}, std::pair{"gb2312"sv, "GB18030"sv}, std::pair{"gbk"sv, "GB18030"sv},
    std::pair{"gb18030"sv, "GB18030"sv}, std::pair{"big5"sv, "BIG5-HKSCS"sv}, std::pair{"euckr"sv, "UHC"sv},
    std::pair{"ksc56011987"sv, "UHC"sv}, std::pair{"shiftjis"sv, "CP932"sv}, std::pair{"sjis"sv, "CP932"sv},
    std::pair{"eucjp"sv, "EUC-JP"sv}, std::pair{"iso2022jp"sv, "ISO-2022-JP"sv}, std::pair{"iso2022kr"sv, "ISO-2022-KR"sv},
    std::pair{"tis620"sv, "TIS-620"sv}, std::pair{"windows874"sv, "CP874"sv}, std::pair{"utf7"sv, "UTF-7"sv},
    std::pair{"macintosh"sv, "MACINTOSH"sv},
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
    explicit Iconv(std::string_view charset)
        : handle_(iconv_open("UTF-8", std::string(charset).c_str())) {}
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

/// Set while a CharsetWarmUp lives: constants that are made once, not state.
std::atomic<const CharsetTables*> made_tables{nullptr};

std::string by_table(std::string_view bytes, const CharsetTable& table) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto lead = static_cast<unsigned char>(bytes[at]);
        if (lead < 0x80) {
            out += bytes[at];
            continue;
        }
        char32_t value = table.single[lead - 0x80U];
        if (value == CharsetTable::kNone && !table.pairs.empty() && at + 1 < bytes.size()) {
            const auto trail = static_cast<unsigned char>(bytes[at + 1]);
            value = table.pairs[(lead - 0x80U) * 256U + trail];
            if (value != CharsetTable::kNone) ++at;
        }
        append(value, out);
    }
    return out;
}

/// ISO-2022-JP and -KR (RFC 1468, 1557): the two-byte sets that escapes or shifts switch to are
/// those of EUC-JP and EUC-KR without the high bits.
std::string from_iso2022(std::string_view bytes, bool korean, const CharsetTable& table) {
    std::string plain;
    bool wide = false;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const char c = bytes[at];
        if (c == '\x1B') {
            const std::string_view rest = bytes.substr(at + 1);
            if (korean && rest.starts_with("$)C")) {
                at += 3;
            } else if (rest.starts_with("$")) {
                wide = true;
                at += 2;
            } else if (rest.starts_with("(")) {
                wide = false;
                at += 2;
            }
        } else if (korean && (c == '\x0E' || c == '\x0F')) {
            wide = c == '\x0E';
        } else if (c == '\n' || c == '\r') {
            wide = false;
            plain += c;
        } else {
            plain += wide ? static_cast<char>(static_cast<unsigned char>(c) | 0x80U) : c;
        }
    }
    return by_table(plain, table);
}

/// UTF-7 (RFC 2152): runs of base64 of UTF-16 between "+" and what is no base64.
std::string from_utf7(std::string_view bytes) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size();) {
        if (bytes[at] != '+') {
            out += bytes[at++];
            continue;
        }
        std::size_t end = at + 1;
        while (end < bytes.size() &&
               (ascii_alnum(bytes[end]) || bytes[end] == '+' || bytes[end] == '/')) {
            ++end;
        }
        std::string run(bytes.substr(at + 1, end - at - 1));
        const bool minus = end < bytes.size() && bytes[end] == '-';
        if (run.empty()) {
            out += '+';
        } else {
            run.append((4 - run.size() % 4) % 4, '=');
            out += from_utf16(base64_decode(run).value_or(""), true);
        }
        at = end + (minus ? 1 : 0);
    }
    return out;
}

/// nullopt: no tables are made, or none of this charset.
std::optional<std::string> foreign_by_table(std::string_view bytes, std::string_view charset) {
    const CharsetTables* tables = made_tables.load();
    if (tables == nullptr) return std::nullopt;
    if (charset == "UTF-7") return from_utf7(bytes);
    const bool korean = charset == "ISO-2022-KR";
    const bool escapes = korean || charset == "ISO-2022-JP";
    const std::string_view name = korean ? "UHC" : escapes ? "EUC-JP" : charset;
    const CharsetTable* table = tables->find(name);
    if (table == nullptr) return std::nullopt;
    return escapes ? from_iso2022(bytes, korean, *table) : by_table(bytes, *table);
}

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
        if (auto text = foreign_by_table(bytes, foreign->second)) return *std::move(text);
        Iconv converter(foreign->second);
        if (converter.valid()) return converter.convert(bytes);
    }
    if (key.starts_with("utf8") || is_utf8(bytes)) return std::string(bytes);
    return from_single_byte(bytes, false);
}

struct CharsetWarmUp::State {
    std::unique_ptr<const CharsetTables> tables;
};

CharsetWarmUp::CharsetWarmUp() : state_(std::make_unique<State>()) {
    std::vector<std::string_view> names;
    for (const auto& [key, charset] : kForeign) {
        const bool has_table = charset != "UTF-7"sv && !charset.starts_with("ISO-2022"sv);
        if (has_table && std::find(names.begin(), names.end(), charset) == names.end()) {
            names.push_back(charset);
        }
    }
    state_->tables = CharsetTables::make(names);
    made_tables = state_->tables.get();
}

CharsetWarmUp::~CharsetWarmUp() {
    made_tables = nullptr;
}

}  // namespace postern
