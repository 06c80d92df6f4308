#include "analyzers/mime/reader.hpp"

#include <algorithm>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/base/encoded_blocks.hpp"
#include "analyzers/mime/header_words.hpp"
#include "analyzers/mime/message_facts.hpp"
#include "analyzers/mime/mime.hpp"
#include "analyzers/mime/part_name.hpp"

namespace postern::analyzers {
namespace {

constexpr std::string_view kAlternate = "alternate-reading";
constexpr std::size_t kMinEscapes = 8;  // "=3D" and the like, for a text to be quoted-printable

bool is_message(std::string_view type) {
    return type == "message/rfc822" || type == "message/global" || type == "message/news";
}

/// "Content-...", whatever else is in the name.
bool names_content(std::string_view name) {
    return ascii_lower(name).find("content-") != std::string::npos;
}

void append_parameters(const ParameterList& more, ParameterList& into) {
    into.parameters.insert(into.parameters.end(), more.parameters.begin(), more.parameters.end());
}

/// A text that nobody declared as quoted-printable, full of its escapes.
bool looks_quoted_printable(std::string_view text) {
    std::size_t escapes = 0;
    const auto upper_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
    for (std::size_t at = text.find('='); at != std::string_view::npos && at + 2 < text.size();
         at = text.find('=', at + 1)) {
        if (upper_hex(text[at + 1]) && upper_hex(text[at + 2]) && ++escapes >= kMinEscapes) {
            return true;
        }
    }
    return false;
}

}  // namespace

void MimeReader::read() {
    entity({0, text_.size()}, 0, false, false);
    sweep();
}

MimeReader::Entity MimeReader::read_header(Region region, bool in_digest) {
    Entity entity;
    entity.block = read_header_block(view(region));
    if (entity.block.cut) {
        report({.limit = Limit::Names,
                .object = {},
                .configured = kMaxFields,
                .observed = kMaxFields + 1});
    }
    entity.odd = entity.block.odd;
    if (entity.block.broken) broken("a header line that is no field");
    const auto odd_content =
        std::any_of(entity.block.fields.begin(), entity.block.fields.end(),
                    [](const Field& field) { return field.odd && names_content(field.name); });
    if (odd_content || entity.block.odd) ambiguous("odd characters in a header field");
    for (const std::string& value : entity.block.values("content-type")) {
        ParameterList type = read_parameters(value);
        if (value.find("=?") != std::string::npos) type = read_parameters(decode_words(value));
        append_parameters(type, entity.naming);
        const bool known =
            std::any_of(entity.types.begin(), entity.types.end(), [&](const ParameterList& other) {
                return other.value == type.value && other.all("boundary") == type.all("boundary");
            });
        if (!known && entity.types.size() < kMaxBoundaries) entity.types.push_back(std::move(type));
    }
    if (entity.types.size() > 1) ambiguous("several Content-Type fields");
    if (entity.types.empty()) {
        entity.types.push_back(
            {.value = in_digest ? "message/rfc822" : "text/plain", .parameters = {}, .odd = false});
    }
    for (const std::string& value : entity.block.values("content-disposition")) {
        append_parameters(read_parameters(value), entity.disposition);
    }
    entity.encodings = encodings_of(entity.block.values("content-transfer-encoding"));
    if (entity.encodings.odd) ambiguous("Content-Transfer-Encoding");
    entity.odd = entity.odd || entity.encodings.odd || entity.block.broken || odd_content ||
                 std::any_of(entity.types.begin(), entity.types.end(),
                             [](const ParameterList& type) { return type.odd; });
    odd_header_ = odd_header_ || entity.odd;
    return entity;
}

void MimeReader::entity(Region region, std::size_t nesting, bool alternate, bool in_digest) {
    if (stopped_ || !entities_.emplace(region.begin, region.end).second) return;
    if (nesting > kMaxNesting) {
        report(
            {.limit = Limit::Depth, .object = {}, .configured = kMaxNesting, .observed = nesting});
        return;
    }
    if (const auto late = budget_.check_time()) return report(*late);
    const Entity read = read_header(region, in_digest);
    if (nesting == 0 && !alternate && !into_.message) {
        into_.message = message_facts(read.block, text_);
    }
    const Region body{region.begin + read.block.end, region.end};
    bool first = true;
    bool cut = false;
    for (const ParameterList& type : read.types) {
        const bool other = alternate || !first;
        first = false;
        if (!type.value.starts_with("multipart")) continue;
        if (read.encodings.list.front() != Encoding::Identity) encoded_container(read, type, body);
        cut = multipart(type, body, nesting, other) || cut;
    }
    const bool composite = read.types.front().value.starts_with("multipart");
    if (composite && !cut) broken("a multipart without parts");
    if (!cut || read.types.size() > 1) leaf(read, body, alternate || (cut && composite));
    if (read.odd) emit_blocks(region);
    if (starts_content_field(view(body)) && !is_message(read.types.front().value) &&
        body.begin > region.begin) {
        entity(body, nesting + 1, true, false);  // the blank line came too early
    }
}

bool MimeReader::multipart(const ParameterList& type, Region body, std::size_t nesting,
                           bool alternate) {
    const bool digest = type.value == "multipart/digest";
    const std::vector<std::string> boundaries = type.all("boundary");
    bool found = false;
    bool first = true;
    for (const std::string& boundary : boundaries) {
        const Cut cut = cut_multipart(dashes_, body, boundary);
        if (cut.loose && cut.parts.empty()) ambiguous("a boundary with something behind it");
        if (!first && !cut.parts.empty()) ambiguous("several boundaries");
        parts_of(cut, nesting, alternate || !first, digest);
        found = found || !cut.parts.empty();
        first = false;
    }
    return found;
}

void MimeReader::parts_of(const Cut& cut, std::size_t nesting, bool alternate, bool digest) {
    for (const Region& part : cut.parts) entity(part, nesting + 1, alternate, digest);
    // Neither is shown to anybody by a correct reader; others, and engines, may see it.
    for (const Region& around : {cut.preamble, cut.epilogue}) {
        if (!cut.parts.empty() && around.end > around.begin) emit_blocks(around);
    }
}

bool MimeReader::admit(std::size_t bytes) {
    if (stopped_) return false;
    if (into_.children.size() >= kMaxParts) {
        report({.limit = Limit::Objects,
                .object = {},
                .configured = kMaxParts,
                .observed = kMaxParts + 1});
        return false;
    }
    auto hit = budget_.charge_bytes(bytes);
    if (!hit) hit = budget_.check_time();
    if (!hit) return true;
    report(*hit);
    return false;
}

void MimeReader::leaf(const Entity& entity, Region body, bool alternate) {
    const ParameterList& type = entity.types.front();
    if (type.value == "message/partial") {
        into_.errors.push_back(
            {.object = {},
             .analyzer = "mime",
             .code = ErrorCode::Unsupported,
             .detail = "a piece of a message that comes in several (message/partial)"});
    }
    std::vector<Encoding> encodings = entity.encodings.list;
    const std::string_view raw = view(body);
    const bool undeclared = entity.odd && std::find(encodings.begin(), encodings.end(),
                                                    Encoding::QuotedPrintable) == encodings.end();
    if (undeclared && looks_quoted_printable(raw)) encodings.push_back(Encoding::QuotedPrintable);
    bool first = true;
    for (const Encoding encoding : encodings) {
        const bool other = alternate || !first;
        first = false;
        if (!seen_.emplace(body.begin, body.end, encoding).second) continue;
        bool likeliest = true;
        std::vector<std::string> readings = decode_readings(raw, encoding);
        const bool file =
            !type.value.starts_with("text/") || entity.block.has("content-disposition");
        if (encoding == Encoding::QuotedPrintable && readings.size() > 1 && file) {
            ambiguous("quoted-printable with errors");
        }
        for (std::string& bytes : readings) {
            if (other && bytes.empty()) continue;
            if (!likeliest) broken("transfer encoding with errors");
            emit(std::move(bytes), entity, type, other || !likeliest);
            likeliest = false;
        }
    }
    if (entity.encodings.list.front() == Encoding::Identity && !type.value.starts_with("text/") &&
        !is_message(type.value)) {
        emit_blocks(body);  // of text parts analyzers/text sees to it
    }
}

void MimeReader::encoded_container(const Entity& entity, const ParameterList& type, Region body) {
    // RFC 2045, section 6.4 forbids it; some readers decode first and then cut.
    for (const std::string& value : entity.block.values("content-type")) {
        if (read_parameters(value).value != type.value) continue;
        for (std::string& bytes : decode_readings(view(body), entity.encodings.list.front())) {
            if (bytes.empty() || !admit(bytes.size())) continue;
            into_.children.push_back({.bytes = "Content-Type: " + value + "\r\n\r\n" + bytes,
                                      .relation = Relation::Decoded,
                                      .name = {},
                                      .declared_mime = "message/rfc822",
                                      .charset = {},
                                      .flags = {std::string(kAlternate)}});
        }
        return;
    }
}

void MimeReader::emit(std::string bytes, const Entity& entity, const ParameterList& type,
                      bool alternate) {
    if (!admit(bytes.size())) return;
    PartName name = part_name(entity.disposition, entity.naming);
    Child child{.bytes = std::move(bytes),
                .relation = Relation::Part,
                .name = std::move(name.name),
                .declared_mime = clean_text(type.value, kMaxDetail),
                .charset = clean_text(type.get("charset", false), 60),
                .flags = {}};
    if (alternate) child.flags.emplace_back(kAlternate);
    if (name.differs) child.flags.emplace_back("names-differ");
    if (name.disguised) child.flags.emplace_back("name-disguised");
    into_.children.push_back(std::move(child));
}

void MimeReader::emit_blocks(Region region) {
    EncodedBlocks found = find_encoded_blocks(view(region), budget_.room());
    for (EncodedBlock& block : found.blocks) {
        if (!admit(block.bytes.size())) return;
        into_.children.push_back({.bytes = std::move(block.bytes),
                                  .relation = Relation::Decoded,
                                  .name = clean_text(block.name, kMaxDetail),
                                  .declared_mime = {},
                                  .charset = {},
                                  .flags = {std::string(kAlternate)}});
    }
    if (found.cut) {
        report({.limit = Limit::Objects,
                .object = {},
                .configured = kMaxBlocks,
                .observed = kMaxBlocks + 1});
    }
}

void MimeReader::sweep() {
    std::size_t tried = 0;
    for (const DashLine& line : dashes_.within({0, text_.size()})) {
        if (line.used || !line.apparent) continue;
        if (++tried > kMaxBoundaries) {
            report({.limit = Limit::Names,
                    .object = {},
                    .configured = kMaxBoundaries,
                    .observed = tried});
            return;
        }
        sweep_line(line, 1);
    }
}

/// `line` looks as if a part began there, though no reading so far says so. The part may end at the
/// next line of that kind, or at the next that begins in the same way.
void MimeReader::sweep_line(const DashLine& line, std::size_t nesting) {
    const std::string_view token = dashes_.text(line).substr(0, 8);
    std::size_t next_any = text_.size();
    std::size_t next_same = text_.size();
    for (const DashLine& other : dashes_.within({line.next, text_.size()})) {
        const std::size_t end = dashes_.content_end(other, line.next);
        if (next_any == text_.size() && (other.apparent || other.used)) next_any = end;
        if (!dashes_.text(other).starts_with(token)) continue;
        next_same = end;
        break;
    }
    const std::size_t before = into_.children.size();
    entity({line.next, std::min(next_same, next_any)}, nesting, true, false);
    if (next_same > next_any) entity({line.next, next_same}, nesting, true, false);
    if (into_.children.size() > before && odd_header_) ambiguous("parts behind no boundary");
}

void MimeReader::ambiguous(std::string_view what) {
    const bool there = std::any_of(into_.findings.begin(), into_.findings.end(),
                                   [](const Finding& f) { return f.code == "MIME_AMBIGUOUS"; });
    if (!there) into_.findings.push_back(finding("MIME_AMBIGUOUS", what));
}

void MimeReader::broken(std::string_view what) {
    const bool there = std::any_of(into_.findings.begin(), into_.findings.end(),
                                   [](const Finding& f) { return f.code == "MIME_BROKEN"; });
    if (!there) into_.findings.push_back(finding("MIME_BROKEN", what));
}

void MimeReader::report(LimitHit hit) {
    stopped_ = true;
    into_.limits.push_back(hit);
}

}  // namespace postern::analyzers
