/// @file Removal of Authentication-Results fields that claim to be ours.

#include <algorithm>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/trace/authentication_results.hpp"
#include "gateway/mail/a_label.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::trace {
namespace {

constexpr std::string_view kName = "authentication-results";
constexpr std::string_view kBlanks = " \t\r\n";

/// The field's name as a careless reader sees it: without blanks, folds and bytes that do not show.
bool is_results_field(const mail::HeaderField& field) {
    std::size_t matched = 0;
    for (const char c : field.raw) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7f) continue;
        if (c == ':') return matched == kName.size();
        if (matched == kName.size() || ascii_lower(c) != kName[matched]) return false;
        ++matched;
    }
    return false;
}

/// Takes blanks and comments off the front; false: a comment does not end.
bool skip_comments(std::string_view& text) {
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        if (!text.starts_with('(')) return true;
        std::size_t depth = 0;
        std::size_t i = 0;
        for (; i < text.size(); ++i) {
            if (text[i] == '\\') {
                ++i;
            } else if (text[i] == '(') {
                ++depth;
            } else if (text[i] == ')' && --depth == 0) {
                break;
            }
        }
        if (i >= text.size()) return false;
        text.remove_prefix(i + 1);
    }
}

std::optional<std::string> quoted_id(std::string_view text) {
    std::string id;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return id;
        if (text[i] == '\\' && ++i >= text.size()) break;
        id += text[i];
    }
    return std::nullopt;
}

/// The authserv-id (RFC 8601 2.2); nullopt: the field does not begin with one.
std::optional<std::string> authserv_id_of(std::string_view value) {
    if (!skip_comments(value)) return std::nullopt;
    if (value.starts_with('"')) return quoted_id(value);
    const std::size_t end = std::min(value.find_first_of(" \t\r\n;("), value.size());
    const std::string_view id = value.substr(0, end);
    if (id.empty() || id.find_first_of("<>@,:\\\"/[]?=") != std::string_view::npos) {
        return std::nullopt;
    }
    return std::string(id);
}

std::string canonical(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return mail::to_a_labels(name).value_or(ascii_lower(name));
}

bool claims_to_be_ours(const mail::HeaderField& field, const std::string& ours) {
    const std::size_t colon = field.raw.find(':');
    const std::string_view value = field.raw.substr(colon + 1);
    if (const auto id = authserv_id_of(value)) return canonical(*id) == ours;
    // Unreadable: whoever reads it anyway must not find our name in it.
    return ascii_lower(value).find(ours) != std::string::npos;
}

}  // namespace

Stripped without_own_results(std::string_view header, std::string_view authserv_id) {
    const std::string ours = canonical(authserv_id);
    const mail::HeaderBlock block(header);
    Stripped stripped;
    stripped.header.reserve(header.size());
    std::size_t kept_to = 0;
    for (std::size_t i = 0; i < block.count(); ++i) {
        const mail::HeaderField field = block[i];
        if (!is_results_field(field) || !claims_to_be_ours(field, ours)) continue;
        stripped.header += header.substr(kept_to, field.offset - kept_to);
        kept_to = field.offset + field.raw.size();
        ++stripped.removed;
    }
    stripped.header += header.substr(kept_to);
    return stripped;
}

}  // namespace postern::auth::trace
