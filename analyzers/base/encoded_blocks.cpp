#include "analyzers/base/encoded_blocks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"

namespace postern {
namespace {

/// Walks over lines; a line is without its end, whichever that is.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}
    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }
    std::string_view next() {
        const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
        const std::string_view line = rest_.substr(0, end);
        const bool pair = rest_.substr(end).starts_with("\r\n");
        rest_.remove_prefix(std::min(end + (pair ? 2 : 1), rest_.size()));
        return line;
    }

private:
    std::string_view rest_;
};

unsigned uu_value(char c) {
    return (static_cast<unsigned>(static_cast<unsigned char>(c)) - 32U) & 63U;
}

/// A data line says in its first character how many bytes it holds.
bool append_uu_line(std::string_view line, std::string& out) {
    if (line.empty() || line[0] < ' ' || line[0] > '`') return false;
    const std::size_t length = uu_value(line[0]);
    const std::size_t needed = (length * 8 + 5) / 6;
    line.remove_prefix(1);
    // Trailing blanks, which are zeros, get lost on the way; other shortness is no data line.
    if (length == 0 || line.size() + 4 < needed || line.size() > needed + 8) return false;
    std::array<unsigned, 4> four{};
    for (std::size_t at = 0, made = 0; made < length; at += 4) {
        for (std::size_t i = 0; i < 4; ++i) {
            four[i] = at + i < line.size() ? uu_value(line[at + i]) : 0U;
        }
        const unsigned bits = four[0] << 18U | four[1] << 12U | four[2] << 6U | four[3];
        for (unsigned i = 0; i < 3 && made < length; ++i, ++made) {
            out += static_cast<char>(static_cast<unsigned char>(bits >> (16U - 8U * i)));
        }
    }
    return true;
}

/// The file name of "begin 644 name"; nullopt if the line is no such line.
std::optional<std::string_view> uu_begin(std::string_view line) {
    if (!line.starts_with("begin ")) return std::nullopt;
    line.remove_prefix(6);
    std::size_t digits = 0;
    while (digits < line.size() && line[digits] >= '0' && line[digits] <= '7') ++digits;
    if (digits < 3 || digits > 6 || digits >= line.size() || line[digits] != ' ') {
        return std::nullopt;
    }
    return line.substr(digits + 1);
}

EncodedBlock read_uuencode(std::string_view name, Lines& lines) {
    EncodedBlock block{.kind = BlockKind::Uuencode, .name = std::string(name), .bytes = {}};
    int bad = 0;
    while (!lines.done() && bad < 3) {  // a few broken lines do not stop a reader
        Lines ahead = lines;
        const std::string_view line = ahead.next();
        if (uu_begin(line)) break;
        lines = ahead;
        if (line == "end") break;
        if (line.empty() || line == "`" || line == " ") continue;
        bad = append_uu_line(line, block.bytes) ? 0 : bad + 1;
    }
    return block;
}

std::string_view value_after(std::string_view line, std::string_view key) {
    const std::size_t at = line.find(key);
    return at == std::string_view::npos ? std::string_view{} : line.substr(at + key.size());
}

EncodedBlock read_yenc(std::string_view begin, Lines& lines) {
    EncodedBlock block{
        .kind = BlockKind::Yenc, .name = std::string(value_after(begin, " name=")), .bytes = {}};
    while (!lines.done()) {
        const std::string_view line = lines.next();
        if (line.starts_with("=yend")) break;
        if (line.starts_with("=ypart ")) continue;
        bool escaped = false;
        for (const char c : line) {
            if (!escaped && c == '=') {
                escaped = true;
                continue;
            }
            const auto raw = static_cast<unsigned>(static_cast<unsigned char>(c));
            block.bytes +=
                static_cast<char>(static_cast<unsigned char>(raw - 42U - (escaped ? 64U : 0U)));
            escaped = false;
        }
    }
    return block;
}

// RFC 1741, section 3 and appendix A.
constexpr std::string_view kBinhexAlphabet =
    "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
constexpr char kBinhexRun = '\x90';

/// Undoes the six-bit characters and the run lengths, up to `room` bytes.
std::string binhex_bytes(std::string_view text, std::size_t room) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    bool run = false;
    for (const char c : text) {
        if (c == ':' || out.size() >= room) break;
        const std::size_t value = kBinhexAlphabet.find(c);
        if (value == std::string_view::npos) continue;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        const char byte = static_cast<char>(static_cast<unsigned char>(bits >> count));
        if (!run && byte == kBinhexRun) {
            run = true;
        } else if (run) {
            run = false;
            const std::size_t times = static_cast<unsigned char>(byte);
            if (times == 0) out += kBinhexRun;
            if (times > 1 && !out.empty()) {
                out.append(std::min(times - 1, room - std::min(room, out.size())), out.back());
            }
        } else {
            out += byte;
        }
    }
    return out;
}

std::optional<EncodedBlock> read_binhex(Lines& lines, std::size_t room) {
    const std::string_view rest = lines.rest();
    const std::size_t start = rest.find(':');
    if (start == std::string_view::npos || start > 200) return std::nullopt;
    const std::size_t end = std::min(rest.find(':', start + 1), rest.size());
    const std::string bytes = binhex_bytes(rest.substr(start + 1, end - start - 1), room);
    lines = Lines(rest.substr(std::min(end + 1, rest.size())));
    if (bytes.empty()) return std::nullopt;
    // Length and name, version, type, creator, flags, two lengths, checksum; then the data fork.
    const std::size_t name = static_cast<unsigned char>(bytes[0]);
    const std::size_t data = 1 + name + 1 + 4 + 4 + 2 + 4 + 4 + 2;
    if (bytes.size() < data) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = data - 10; i < data - 6; ++i) {
        length = length << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return EncodedBlock{.kind = BlockKind::Binhex,
                        .name = bytes.substr(1, name),
                        .bytes = bytes.substr(data, length)};
}

bool is_base64_line(std::string_view line) {
    while (line.ends_with('=')) line.remove_suffix(1);
    return !line.empty() && std::all_of(line.begin(), line.end(), [](char c) {
        return ascii_alnum(c) || c == '+' || c == '/';
    });
}

/// Digests are all in one case, words hold no digits: encoded files have all three kinds.
bool looks_encoded(std::string_view run) {
    const bool upper =
        std::any_of(run.begin(), run.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool lower =
        std::any_of(run.begin(), run.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    const bool digit = std::any_of(run.begin(), run.end(), ascii_digit);
    return upper && lower && digit;
}

std::optional<EncodedBlock> read_base64_run(std::string_view from, Lines& lines) {
    constexpr std::size_t kMinLineAfterBlank = 16;  // shorter: the text goes on
    std::size_t characters = 0;
    bool after_blank = false;
    Lines ahead(from);
    while (!ahead.done()) {
        Lines next = ahead;
        const std::string_view line = next.next();
        if (!line.empty() && !is_base64_line(line)) break;
        if (after_blank && !line.empty() && line.size() < kMinLineAfterBlank) break;
        after_blank = line.empty();
        characters += line.size();
        ahead = next;
    }
    const std::string_view run = from.substr(0, from.size() - ahead.rest().size());
    lines = ahead;
    if (characters < kMinBase64Run || !looks_encoded(run)) return std::nullopt;
    return EncodedBlock{.kind = BlockKind::Base64,
                        .name = {},
                        .bytes = base64_read(run, Base64Dialect::SkipJunk).bytes};
}

}  // namespace

EncodedBlocks find_encoded_blocks(std::string_view text, std::size_t room) {
    EncodedBlocks found;
    const auto keep = [&](EncodedBlock block) {
        if (block.bytes.empty()) return;
        if (found.blocks.size() >= kMaxBlocks || block.bytes.size() > room) {
            found.cut = true;
            return;
        }
        room -= block.bytes.size();
        found.blocks.push_back(std::move(block));
    };
    bool armor = false;
    for (Lines lines(text); !lines.done() && !found.cut;) {
        const std::string_view here = lines.rest();
        const std::string_view line = lines.next();
        if (line.size() < 4) continue;
        if (line.starts_with("-----BEGIN ")) armor = true;
        if (line.starts_with("-----END ")) armor = false;
        if (const auto name = uu_begin(line)) {
            keep(read_uuencode(*name, lines));
        } else if (line.starts_with("=ybegin ")) {
            keep(read_yenc(line, lines));
        } else if (line.starts_with("(This file must be converted with BinHex")) {
            if (auto block = read_binhex(lines, room)) keep(std::move(*block));
        } else if (!armor && is_base64_line(line)) {
            if (auto block = read_base64_run(here, lines)) keep(std::move(*block));
        }
    }
    return found;
}

std::string uuencode_read(std::string_view text) {
    std::string bytes;
    for (Lines lines(text); !lines.done();) {
        const std::string_view line = lines.next();
        if (line == "end") break;
        if (!uu_begin(line)) append_uu_line(line, bytes);
    }
    return bytes;
}

}  // namespace postern
