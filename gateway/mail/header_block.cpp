#include "gateway/mail/header_block.hpp"

#include <algorithm>
#include <limits>

#include "analyzers/base/ascii.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxLine = 998;  // RFC 5322 2.1.1, without the line end
constexpr std::size_t kMaxBlock = std::numeric_limits<std::uint32_t>::max();

constexpr bool blank(char c) {
    return c == ' ' || c == '\t';
}

/// Without its line end.
std::string_view content(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::uint16_t flaws_of_line(std::string_view line) {
    unsigned flaws = 0;
    const std::string_view text = content(line);
    if (line.ends_with('\n') && !line.ends_with("\r\n")) flaws |= kBareLf;
    if (text.size() > kMaxLine) flaws |= kLongLine;
    if (text.find('\r') != std::string_view::npos || (line.ends_with('\r'))) flaws |= kBareCr;
    if (text.find('\0') != std::string_view::npos) flaws |= kNul;
    const auto high = [](char c) { return static_cast<unsigned char>(c) > 127; };
    if (std::any_of(text.begin(), text.end(), high)) flaws |= kEightBit;
    return static_cast<std::uint16_t>(flaws);
}

bool good_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c >= 33 && c <= 126; });
}

}  // namespace

bool HeaderField::is(std::string_view other) const {
    return !name.empty() && ascii_iequal(name, other);
}

std::string HeaderField::unfolded() const {
    std::string text;
    text.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\n') continue;
        if (value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n') continue;
        text += value[i];
    }
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

HeaderBlock::HeaderBlock(std::string_view bytes, std::size_t max_fields)
    : bytes_(bytes.substr(0, kMaxBlock)) {
    std::size_t begin = 0;  // of the field being read
    std::size_t at = 0;
    unsigned flaws = 0;
    bool ended = false;
    while (at < bytes_.size() && !ended) {
        const std::size_t lf = bytes_.find('\n', at);
        const std::size_t next = lf == std::string_view::npos ? bytes_.size() : lf + 1;
        const std::string_view line = bytes_.substr(at, next - at);
        const bool folded = blank(line.front());
        ended = line == "\r\n" || line == "\n";
        if (!folded && at > begin) {
            add(begin, at, static_cast<std::uint16_t>(flaws));
            begin = at;
            flaws = 0;
            if (fields_.size() >= max_fields) {
                flaws_ |= kTooManyFields | kNoEmptyLine;
                size_ = at;
                return;
            }
        }
        if (folded && at == 0) flaws |= kStartsFolded;
        if (folded && content(line).find_first_not_of(" \t") == std::string_view::npos) {
            flaws |= kBlankLine;
        }
        flaws |= flaws_of_line(line);
        at = next;
    }
    if (ended) {
        flaws_ |= static_cast<std::uint16_t>(flaws & kBareLf);  // of the empty line
    } else {
        if (at > begin) add(begin, at, static_cast<std::uint16_t>(flaws));
        flaws_ |= kNoEmptyLine;
    }
    size_ = at;
}

void HeaderBlock::add(std::size_t begin, std::size_t end, std::uint16_t flaws) {
    const std::string_view raw = bytes_.substr(begin, end - begin);
    // The name stands on the first line: a colon further down belongs to a folded value.
    const std::string_view line = raw.substr(0, raw.find('\n'));
    unsigned all = flaws;
    Entry entry;
    entry.offset = begin;
    entry.size = static_cast<std::uint32_t>(raw.size());
    entry.colon = entry.size;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || (flaws & kStartsFolded) != 0) {
        all |= kNoColon;
    } else {
        std::string_view name = line.substr(0, colon);
        while (!name.empty() && blank(name.back())) name.remove_suffix(1);
        if (name.size() != colon) all |= kBlankBeforeColon;
        if (!good_name(name)) all |= kBadName;
        entry.colon = static_cast<std::uint32_t>(colon);
        entry.name_size = static_cast<std::uint32_t>(name.size());
    }
    entry.flaws = static_cast<std::uint16_t>(all);
    flaws_ |= entry.flaws;
    fields_.push_back(entry);
}

HeaderField HeaderBlock::operator[](std::size_t index) const {
    const Entry& entry = fields_[index];
    HeaderField field;
    field.raw = bytes_.substr(entry.offset, entry.size);
    field.name = field.raw.substr(0, entry.name_size);
    if (entry.colon < entry.size) field.value = content(field.raw.substr(entry.colon + 1));
    field.offset = entry.offset;
    field.flaws = entry.flaws;
    return field;
}

std::vector<HeaderField> HeaderBlock::all(std::string_view name) const {
    std::vector<HeaderField> found;
    for (std::size_t i = 0; i < count(); ++i) {
        const HeaderField field = (*this)[i];
        if (field.is(name)) found.push_back(field);
    }
    return found;
}

std::size_t HeaderBlock::count(std::string_view name) const {
    std::size_t found = 0;
    for (const Entry& entry : fields_) {
        const std::string_view own = bytes_.substr(entry.offset, entry.name_size);
        if (!own.empty() && ascii_iequal(own, name)) ++found;
    }
    return found;
}

}  // namespace postern::mail
