#include "analyzers/taste/taste.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/taste/binary_kinds.hpp"
#include "analyzers/taste/kinds.hpp"
#include "analyzers/taste/text_kinds.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kEdge = std::size_t{64} << 10;  // looked at, at either end
constexpr std::size_t kPdfHeader = 1024;              // readers find "%PDF-" up to here

Taste named(std::string_view type) {
    return {.type = type, .mime = mime_of(type), .also = {}};
}

std::string_view text_kind(const std::string& head, std::string_view name) {
    if (const std::string_view type = line_kind(head); type != kData) return type;
    if (const std::string_view type = mail_kind(head); type != kData) return type;
    if (const std::string_view type = markup_kind(head, name); type != kData) return type;
    if (const std::string_view type = script_kind(head, name); type != kData) return type;
    // Browsers find their tags behind any amount of junk.
    const std::string lower = ascii_lower(head);
    for (const std::string_view tag : {"<html"sv, "<script"sv, "<body"sv, "<!doctype html"sv}) {
        if (lower.find(tag) != std::string::npos) return "html";
    }
    return "text";
}

/// A PDF header that is not at the start; in text only in a PDF comment or where a line starts.
bool hides_pdf(std::string_view text, bool lines) {
    lines = lines && !text.starts_with('%');
    return text.substr(0, kPdfHeader).find(lines ? "\n%PDF-" : "%PDF-") != std::string_view::npos;
}

std::string_view kind_of(std::string_view text, std::string_view name) {
    if (text.empty()) return "empty";
    const std::string_view type = binary_kind(text);
    if (type == "zip") return zip_kind(text);
    if (type == "ole") return ole_kind(text);
    if (type != kData) return type;
    const std::string head = text_head(text);
    if (hides_pdf(text, !head.empty())) return "pdf";
    return head.empty() ? kData : text_kind(head, name);
}

bool is_picture(std::string_view type) {
    return mime_of(type).starts_with("image/");
}

/// A zip ends with its directory. `strict`: and with nothing behind it but its own comment, so that
/// a document stored inside another container does not make that a zip.
bool ends_as_zip(std::string_view text, bool strict) {
    constexpr std::size_t kEndRecord = 22;
    const std::string_view tail = text.substr(text.size() - std::min(text.size(), kEdge));
    const std::size_t end = tail.rfind("PK\5\6");
    if (end == std::string_view::npos || !strict) return end != std::string_view::npos;
    if (tail.size() - end < kEndRecord) return false;
    const auto comment = static_cast<std::size_t>(static_cast<unsigned char>(tail[end + 20])) |
                         static_cast<std::size_t>(static_cast<unsigned char>(tail[end + 21])) << 8;
    return tail.size() - end == kEndRecord + comment;
}

/// "begin 644 name" and a full data line somewhere below the first line.
bool holds_uuencode(std::string_view text) {
    for (std::size_t at = text.find("\nbegin "); at < kEdge; at = text.find("\nbegin ", at + 1)) {
        const std::size_t line = text.find('\n', at + 1);
        if (line < text.size() - 1 && text[line + 1] == 'M' &&
            text.find('\n', line + 1) < line + 64) {
            return true;
        }
    }
    return false;
}

/// "MZ" somewhere inside with a PE header where it says.
bool holds_pe(std::string_view text) {
    for (std::size_t at = text.find("MZ", 1); at != std::string_view::npos;
         at = text.find("MZ", at + 1)) {
        if (is_pe(text.substr(at))) return true;
    }
    return false;
}

void add(Taste& taste, std::string_view type) {
    const bool there = taste.type == type ||
                       std::find(taste.also.begin(), taste.also.end(), type) != taste.also.end();
    if (!there && taste.also.size() < kMaxAlso) taste.also.push_back(type);
}

void add_others(std::string_view text, std::string_view name, Taste& taste) {
    const bool picture = is_picture(taste.type);
    const bool program = taste.type == "pe" || taste.type == "elf" || taste.type == "mz";
    const bool unknown = taste.type == kData || taste.type == "text";
    if (text.substr(0, kPdfHeader).find("%PDF-") != std::string_view::npos) add(taste, "pdf");
    if (!text.starts_with("PK") && taste.type != "mail" && taste.type != "mbox" &&
        ends_as_zip(text, !picture && !program && !unknown)) {
        add(taste, "zip");
    }
    const std::string_view start = text.substr(0, kEdge);
    if (picture || taste.type == "pdf") {
        const std::string_view tail = text.substr(text.size() - std::min(text.size(), kEdge));
        if (holds_pe(start) || (text.size() > kEdge && holds_pe(tail))) add(taste, "pe");
    }
    if (picture) {
        if (start.find("Rar!\x1a\x07"sv) != std::string_view::npos) add(taste, "rar");
        const std::string head = ascii_lower(text.substr(0, kPdfHeader));
        const bool tags =
            head.find("<html") != std::string::npos || head.find("<script") != std::string::npos;
        if (tags && taste.type != "svg") add(taste, "html");
    }
    if (taste.type == "text" && holds_uuencode(text)) add(taste, "uuencode");
    if (extension_of(name) == "hta" && taste.type != "hta") add(taste, "hta");
}

}  // namespace

Taste taste(ByteView bytes, std::string_view name, const Magic* magic) {
    const std::string_view text = as_text(bytes);
    Taste answer = named(kind_of(text, name));
    if (answer.type == kData && magic != nullptr) answer = magic->ask(bytes);
    if (!text.empty()) add_others(text, name, answer);
    return answer;
}

}  // namespace postern::analyzers
