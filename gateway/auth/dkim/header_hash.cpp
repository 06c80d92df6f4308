#include "gateway/auth/dkim/header_hash.hpp"

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::dkim {
namespace {

constexpr std::size_t kCollect = std::size_t{64} << 10U;

/// RFC 6376 3.4.2, for the part behind the colon: unfolded, blanks reduced, none at the ends. Only
/// CRLF is a line end here: a bare LF was not in what was signed, and has to show.
void append_relaxed_value(std::string& to, std::string_view value) {
    const std::size_t start = to.size();
    bool blank = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n') {
            ++i;
            continue;
        }
        if (c == ' ' || c == '\t') {
            blank = true;
            continue;
        }
        if (blank && to.size() > start) to += ' ';
        blank = false;
        to += c;
    }
}

void append_relaxed(std::string& to, std::string_view name, std::string_view value) {
    for (const char c : name) to += ascii_lower(c);
    to += ':';
    append_relaxed_value(to, value);
}

std::string_view without_line_end(std::string_view raw) {
    if (raw.ends_with("\r\n")) raw.remove_suffix(2);
    return raw;
}

/// HeaderField::value ends before any line end; a bare one belongs to what is hashed.
std::string_view value_of(const mail::HeaderField& field) {
    const std::string_view raw = without_line_end(field.raw);
    return raw.substr(static_cast<std::size_t>(field.value.data() - raw.data()));
}

}  // namespace

void append_canonical(std::string& to, const mail::HeaderField& field,
                      Canonicalization canonicalization) {
    if (canonicalization == Canonicalization::Simple) {
        to += without_line_end(field.raw);
    } else {
        append_relaxed(to, field.name, value_of(field));
    }
    to += "\r\n";
}

void append_canonical_signature(std::string& to, const Signature& signature) {
    const mail::HeaderField& field = signature.field;
    const std::string_view raw = without_line_end(field.raw);
    std::string text(raw.substr(0, signature.b_begin));
    text += raw.substr(signature.b_end);
    append_canonical_unsigned(to, text, signature.header_canonicalization);
}

void append_canonical_unsigned(std::string& to, std::string_view field_text,
                               Canonicalization canonicalization) {
    if (canonicalization == Canonicalization::Simple) {
        to += field_text;
        return;
    }
    const std::size_t colon = field_text.find(':');
    std::string_view name = field_text.substr(0, colon);
    while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
    append_relaxed(to, name, field_text.substr(colon + 1));
}

FieldIndex::FieldIndex(const mail::HeaderBlock& header,
                       const std::vector<std::string>& lower_names) {
    for (const std::string& name : lower_names) fields_.try_emplace(name);
    std::string lower;
    for (std::size_t i = 0; i < header.count(); ++i) {
        lower = ascii_lower(header[i].name);
        const auto found = fields_.find(lower);
        if (found != fields_.end() && !lower.empty()) found->second.push_back(i);
    }
}

const std::vector<std::size_t>& FieldIndex::find(const std::string& lower_name) const {
    const auto found = fields_.find(lower_name);
    return found == fields_.end() ? none_ : found->second;
}

std::vector<std::size_t> select_fields(const FieldIndex& index,
                                       const std::vector<std::string>& names) {
    std::unordered_map<std::string_view, std::size_t> used;
    std::vector<std::size_t> selected;
    for (const std::string& name : names) {
        const auto& fields = index.find(name);
        std::size_t& taken = used[name];
        if (taken < fields.size()) selected.push_back(fields[fields.size() - ++taken]);
    }
    return selected;
}

Sha256Digest header_digest(const mail::HeaderBlock& header, const FieldIndex& index,
                           const Signature& signature) {
    Sha256Context context;
    std::string text;
    for (const std::size_t field : select_fields(index, signature.signed_fields)) {
        append_canonical(text, header[field], signature.header_canonicalization);
        if (text.size() < kCollect) continue;
        context.update(text);
        text.clear();
    }
    append_canonical_signature(text, signature);
    context.update(text);
    return context.digest();
}

}  // namespace postern::auth::dkim
