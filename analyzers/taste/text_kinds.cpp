#include "analyzers/taste/text_kinds.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/taste/kinds.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHead = std::size_t{32} << 10;
constexpr std::size_t kMaxBinaryShare = 32;  // one control character in this many is still text

struct Named {
    std::string_view key;
    std::string_view type;
};

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b';
}

/// UTF-16 to ASCII, '?' for the rest. `low` is the offset of the low byte in each pair.
std::string from_utf16(std::string_view bytes, std::size_t low) {
    std::string text;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const char high = bytes[i + 1 - low];
        const char c = bytes[i + low];
        text += high == '\0' && static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
    return text;
}

/// UTF-16 without a mark: nearly every second byte of the beginning is NUL, the others are not.
bool looks_utf16(std::string_view bytes, std::size_t low) {
    const std::string_view start = bytes.substr(0, 256);
    if (start.size() < 16) return false;
    std::size_t nuls = 0;
    for (std::size_t i = 0; i + 1 < start.size(); i += 2) {
        if (start[i + low] == '\0') return false;
        nuls += start[i + 1 - low] == '\0' ? 1U : 0U;
    }
    return nuls * 2 + 8 >= start.size();
}

/// Length of the field name that `line` begins with, 0 if it does not (RFC 5322, section 2.2).
std::size_t field_name(std::string_view line) {
    std::size_t length = 0;
    while (length < line.size() && line[length] > ' ' && line[length] < '\x7f' &&
           line[length] != ':') {
        ++length;
    }
    std::size_t colon = length;  // section 4.5 still has blanks before the colon
    while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
    return colon < line.size() && line[colon] == ':' ? length : 0;
}

bool known_field(std::string_view name) {
    constexpr std::array kFields = {
        "from"sv,         "to"sv,
        "subject"sv,      "received"sv,
        "date"sv,         "message-id"sv,
        "mime-version"sv, "return-path"sv,
        "content-type"sv, "delivered-to"sv,
        "reply-to"sv,     "cc"sv,
        "sender"sv,       "dkim-signature"sv,
        "x-mailer"sv,     "references"sv,
        "in-reply-to"sv,  "content-transfer-encoding"sv,
        "received-spf"sv, "arc-seal"sv,
        "x-received"sv,   "authentication-results"sv,
        "list-id"sv,      "precedence"sv,
        "resent-from"sv,  "envelope-to"sv,
    };
    return std::any_of(kFields.begin(), kFields.end(),
                       [&](std::string_view field) { return ascii_iequal(field, name); });
}

}  // namespace

std::string text_head(std::string_view bytes) {
    std::string head;
    if (bytes.starts_with("\xff\xfe") || looks_utf16(bytes, 0)) {
        head = from_utf16(bytes.substr(bytes.starts_with("\xff\xfe") ? 2 : 0, 2 * kHead), 0);
    } else if (bytes.starts_with("\xfe\xff") || looks_utf16(bytes, 1)) {
        head = from_utf16(bytes.substr(bytes.starts_with("\xfe\xff") ? 2 : 0, 2 * kHead), 1);
    } else {
        head = bytes.substr(bytes.starts_with("\xef\xbb\xbf") ? 3 : 0, kHead);
    }
    const auto controls = std::count_if(head.begin(), head.end(), is_control);
    const auto nuls = std::count(head.begin(), head.end(), '\0');
    const bool text = static_cast<std::size_t>(controls) * kMaxBinaryShare <= head.size();
    return text && static_cast<std::size_t>(nuls) * 1000 <= head.size() ? head : std::string{};
}

std::string extension_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string{} : ascii_lower(name.substr(dot + 1));
}

std::string_view mail_kind(std::string_view head) {
    constexpr int kEnough = 2;
    constexpr int kMaxLines = 200;
    const bool envelope_line = head.starts_with("From ");
    int known = 0;
    int lines = 0;
    for (std::string_view rest = head; !rest.empty() && lines < kMaxLines; ++lines) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (lines == 0 && envelope_line) continue;
        if (line.empty()) break;
        if (line.front() == ' ' || line.front() == '\t') {
            if (lines == 0) return kData;
            continue;
        }
        const std::size_t name = field_name(line);
        if (name == 0) {
            // A header block cut short by a line that is none: broken mail is mail still.
            if (known < kEnough + 1) return kData;
            break;
        }
        known += known_field(line.substr(0, name)) ? 1 : 0;
    }
    if (known < kEnough) return kData;
    return envelope_line ? "mbox"sv : "mail"sv;
}

std::string_view line_kind(std::string_view head) {
    const std::string start = ascii_lower(head.substr(0, 256));
    constexpr std::array kStarts = {Named{"begin:vcalendar", "ics"},
                                    Named{"begin:vcard", "vcard"},
                                    Named{"-----begin pgp", "pgp"},
                                    Named{"-----begin ", "pem"},
                                    Named{"=ybegin ", "yenc"},
                                    Named{"(this file must be converted with binhex", "binhex"},
                                    Named{"id;p", "slk"},
                                    Named{"web\r\n", "iqy"},
                                    Named{"web\n", "iqy"},
                                    Named{"windows registry editor", "reg"},
                                    Named{"regedit4", "reg"},
                                    Named{"[internetshortcut", "url"},
                                    Named{"[shell]", "scf"},
                                    Named{"%pdf-", "pdf"},
                                    Named{"full address:s:", "rdp"},
                                    Named{"{\\rt", "rtf"}};
    const std::size_t text = start.find_first_not_of(" \t\r\n");
    if (text == std::string::npos) return kData;
    for (const Named& row : kStarts) {
        if (std::string_view(start).substr(text).starts_with(row.key)) return row.type;
    }
    if (start.find("\nfull address:s:") != std::string::npos) return "rdp";
    if (start.find("[version]") != std::string::npos &&
        start.find("signature") != std::string::npos) {
        return "inf";
    }
    // "begin 644 name": a mode of three or four octal digits, then a name, then a data line.
    for (const std::string_view key : {"begin "sv, "begin-base64 "sv}) {
        const std::string_view line = std::string_view(start).substr(text);
        if (!line.starts_with(key)) continue;
        const std::string_view mode = line.substr(key.size(), 3);
        if (mode.size() == 3 && mode.find_first_not_of("01234567") == std::string_view::npos &&
            line.find('\n') != std::string_view::npos) {
            return "uuencode";
        }
    }
    return kData;
}

}  // namespace postern::analyzers
