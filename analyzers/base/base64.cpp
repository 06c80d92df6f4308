#include "analyzers/base/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace postern {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kJunk = 0xFF;
constexpr std::uint8_t kBlank = 0xFE;
constexpr std::uint8_t kPad = 0xFD;

constexpr std::array<std::uint8_t, 256> make_table() {
    std::array<std::uint8_t, 256> table{};
    for (auto& value : table) value = kJunk;
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    table['\r'] = table['\n'] = table[' '] = table['\t'] = kBlank;
    table['='] = kPad;
    return table;
}
constexpr auto kTable = make_table();

std::uint8_t value_of(char c) {
    return kTable[static_cast<unsigned char>(c)];
}

/// Six bits at a time in, whole bytes out.
class Quantum {
public:
    void push(std::uint8_t six, std::string& out) {
        bits_ = (bits_ << 6U | six) & 0xFFFFFFU;
        if (++count_ < 4) return;
        emit(3, bits_, out);
        count_ = 0;
    }
    void drop() { count_ = 0; }
    /// Ends an unfinished quantum: two characters hold one byte, three hold two.
    void finish(std::string& out) {
        if (count_ >= 2) emit(count_ - 1, bits_ << (6U * (4 - count_)), out);
        count_ = 0;
    }
    [[nodiscard]] unsigned count() const { return count_; }

private:
    static void emit(unsigned bytes, std::uint32_t bits, std::string& out) {
        for (unsigned i = 0; i < bytes; ++i) {
            out += static_cast<char>(static_cast<unsigned char>(bits >> (16 - 8 * i)));
        }
    }

    std::uint32_t bits_ = 0;
    unsigned count_ = 0;
};

bool line_has_junk(std::string_view line) {
    return std::any_of(line.begin(), line.end(), [](char c) { return value_of(c) == kJunk; });
}

/// Reads `text` up to the end, or up to padding where that ends it: then false.
bool read_run(std::string_view text, Base64Dialect dialect, Quantum& quantum, Base64Text& into) {
    for (const char c : text) {
        const std::uint8_t value = value_of(c);
        if (value < 64) {
            if (quantum.count() == 0 && into.regular && !into.bytes.empty() &&
                into.bytes.size() % 3 != 0) {
                into.regular = false;  // data after padding
            }
            quantum.push(value, into.bytes);
        } else if (value == kPad) {
            if (quantum.count() == 1) into.regular = false;
            if (dialect == Base64Dialect::IgnorePad) continue;
            const bool ends = quantum.count() >= 2;
            quantum.finish(into.bytes);
            if (ends && dialect == Base64Dialect::StopAtPad) return false;
        } else if (value == kJunk) {
            into.regular = false;
            if (dialect == Base64Dialect::JunkEndsLine) return true;  // given line by line
        }
    }
    return true;
}

/// All lines but the last are whole quanta.
bool even_lines(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos) return true;
        const bool last = text.find_first_not_of("\r\n", end) == std::string_view::npos;
        const std::size_t length = end - at - (end > at && text[end - 1] == '\r' ? 1U : 0U);
        if (!last && length % 4 != 0) return false;
        at = end + 1;
    }
    return true;
}

template <class F>
void each_line(std::string_view text, F&& use) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        use(line, text.find_first_not_of("\r\n") == std::string_view::npos);
    }
}

}  // namespace

std::string base64_encode(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8U | (j < here ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= here ? kAlphabet[(bits >> (18 - 6 * j)) & 63U] : '=';
        }
    }
    return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string_view data = text;
    for (int i = 0; i < 2 && data.ends_with('='); ++i) data.remove_suffix(1);
    if (data.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    Quantum quantum;
    for (const char c : data) {
        if (value_of(c) >= 64) return std::nullopt;
        quantum.push(value_of(c), bytes);
    }
    quantum.finish(bytes);
    if (!data.empty() && base64_encode(as_bytes(bytes)) != text) return std::nullopt;
    return bytes;
}

Base64Text base64_read(std::string_view text, Base64Dialect dialect) {
    Base64Text result;
    result.bytes.reserve(text.size() / 4 * 3 + 3);
    Quantum quantum;
    const bool by_line = dialect == Base64Dialect::DropLines ||
                         dialect == Base64Dialect::LineByLine ||
                         dialect == Base64Dialect::JunkEndsLine;
    if (!by_line) {
        read_run(text, dialect, quantum, result);
    } else {
        each_line(text, [&](std::string_view line, bool last) {
            if (dialect == Base64Dialect::DropLines && line_has_junk(line)) return;
            read_run(line, dialect, quantum, result);
            if (dialect == Base64Dialect::LineByLine && !last) quantum.drop();
        });
    }
    if (quantum.count() != 0) result.regular = false;
    quantum.finish(result.bytes);
    return result;
}

std::vector<std::string> base64_readings(std::string_view text) {
    Base64Text first = base64_read(text, Base64Dialect::SkipJunk);
    std::vector<std::string> readings;
    readings.push_back(std::move(first.bytes));
    if (first.regular && even_lines(text)) return readings;
    for (const auto dialect :
         {Base64Dialect::DropLines, Base64Dialect::IgnorePad, Base64Dialect::StopAtPad,
          Base64Dialect::LineByLine, Base64Dialect::JunkEndsLine}) {
        std::string bytes = base64_read(text, dialect).bytes;
        const bool known = std::find(readings.begin(), readings.end(), bytes) != readings.end();
        if (!known && !bytes.empty()) readings.push_back(std::move(bytes));
    }
    return readings;
}

}  // namespace postern
