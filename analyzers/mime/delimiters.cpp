#include "analyzers/mime/delimiters.hpp"

#include <algorithm>

#include "analyzers/mime/header_block.hpp"

namespace postern::analyzers {
namespace {

enum class Match : unsigned char { None, Opens, Closes, Loose };

bool only_blanks(std::string_view text) {
    return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

Match match(std::string_view line, std::string_view boundary) {
    if (!line.starts_with(boundary)) return Match::None;
    line.remove_prefix(boundary.size());
    if (only_blanks(line)) return Match::Opens;
    if (!line.starts_with("--")) return Match::Loose;
    return Match::Closes;
}

}  // namespace

DashLines::DashLines(std::string_view text) : text_(text) {
    for (std::size_t at = text.find("--"); at != std::string_view::npos;) {
        const bool starts_line = at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r';
        if (!starts_line) {
            at = text.find("--", text[at + 1] == '-' ? at + 1 : at + 2);
            continue;
        }
        const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
        std::size_t next = end;
        while (next < text.size() && text[next] == '\r') ++next;
        if (next < text.size() && text[next] == '\n') ++next;
        DashLine line{.begin = at, .end = end, .next = next, .apparent = false, .used = false};
        line.apparent = end > at + 2 && starts_content_field(text.substr(next));
        lines_.push_back(line);
        at = text.find("--", end);
    }
}

std::span<DashLine> DashLines::within(Region region) {
    const auto before = [](const DashLine& line, std::size_t at) { return line.begin < at; };
    const auto first = std::lower_bound(lines_.begin(), lines_.end(), region.begin, before);
    const auto last = std::lower_bound(first, lines_.end(), region.end, before);
    return {first, last};
}

std::size_t DashLines::content_end(const DashLine& line, std::size_t not_before) const {
    std::size_t end = line.begin;
    if (end > not_before && text_[end - 1] == '\n') --end;
    if (end > not_before && text_[end - 1] == '\r') --end;
    return std::max(end, not_before);
}

Cut cut_multipart(DashLines& lines, Region region, std::string_view boundary) {
    Cut cut;
    cut.preamble = region;
    std::size_t part = 0;
    bool open = false;
    const auto finish = [&](std::size_t end) {
        if (open) cut.parts.push_back({part, end});
    };
    for (DashLine& line : lines.within(region)) {
        const Match how = match(lines.text(line), boundary);
        if (how == Match::None) continue;
        if (how == Match::Loose) {
            cut.loose = true;
            continue;
        }
        line.used = true;
        const std::size_t end = lines.content_end(line, open ? part : region.begin);
        if (!open && cut.parts.empty()) cut.preamble.end = end;
        finish(end);
        part = std::min(line.next, region.end);
        open = how == Match::Opens;
        if (open) continue;
        cut.closed = true;
        cut.epilogue = {part, region.end};
        return cut;
    }
    finish(region.end);
    cut.epilogue = {region.end, region.end};
    return cut;
}

}  // namespace postern::analyzers
