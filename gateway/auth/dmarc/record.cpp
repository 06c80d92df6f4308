#include "gateway/auth/dmarc/record.hpp"

#include <algorithm>
#include <map>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::dmarc {
namespace {

constexpr std::size_t kMostUris = 100;  // of one tag

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Takes what stands before the next `separator` off the front.
std::string_view cut(std::string_view& text, char separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

struct Tag {
    std::string_view name;
    std::string_view value;
};
std::optional<Tag> tag_of(std::string_view part) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    return Tag{trimmed(part.substr(0, equals)), trimmed(part.substr(equals + 1))};
}

using Tags = std::map<std::string, std::string_view>;

/// nullopt: `word` is no policy.
std::optional<DmarcPolicy> policy_of(std::string_view word) {
    if (ascii_iequal(word, "none")) return DmarcPolicy::None;
    if (ascii_iequal(word, "quarantine")) return DmarcPolicy::Quarantine;
    if (ascii_iequal(word, "reject")) return DmarcPolicy::Reject;
    return std::nullopt;
}

/// RFC 3986 in outline: a scheme, a colon, and printable characters without blanks.
bool is_uri(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
    const std::string_view scheme = text.substr(0, colon);
    const bool named =
        ascii_alpha(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
            return ascii_alnum(c) || c == '+' || c == '-' || c == '.';
        });
    const bool visible =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    return named && visible && (!ascii_iequal(scheme, "mailto") || mailto_address(text));
}

std::vector<std::string> uris_of(std::string_view list) {
    std::vector<std::string> uris;
    while (!list.empty() && uris.size() < kMostUris) {
        std::string_view each = cut(list, ',');
        each = trimmed(each.substr(0, each.find('!')));
        if (is_uri(each)) uris.emplace_back(each);
    }
    return uris;
}

FailureOptions failure_options_of(std::string_view list) {
    FailureOptions options{false, false, false, false};
    while (!list.empty()) {
        const std::string_view each = trimmed(cut(list, ':'));
        options.all_failed = options.all_failed || each == "0";
        options.any_failed = options.any_failed || each == "1";
        options.dkim = options.dkim || ascii_iequal(each, "d");
        options.spf = options.spf || ascii_iequal(each, "s");
    }
    const bool none = !options.all_failed && !options.any_failed && !options.dkim && !options.spf;
    return none ? FailureOptions{} : options;
}

/// p=, sp= and np= together, since one that is wrong spoils all (4.10.1).
void read_policies(const Tags& tags, Record& record) {
    bool usable = true;
    const auto read = [&](const char* name) -> std::optional<DmarcPolicy> {
        const auto tag = tags.find(name);
        if (tag == tags.end()) return std::nullopt;
        const auto policy = policy_of(tag->second);
        usable = usable && policy;
        return policy;
    };
    const auto policy = read("p");
    record.subdomain_policy = read("sp");
    record.nonexistent_policy = read("np");
    if (usable && policy) {
        record.policy = *policy;
        return;
    }
    record.policy = DmarcPolicy::None;
    record.subdomain_policy.reset();
    record.nonexistent_policy.reset();
    record.applies = !record.rua.empty();
}

Alignment alignment_of(const Tags& tags, const char* name) {
    const auto tag = tags.find(name);
    const bool strict = tag != tags.end() && ascii_iequal(tag->second, "s");
    return strict ? Alignment::Strict : Alignment::Relaxed;
}

PublicSuffix public_suffix_of(std::string_view word) {
    if (ascii_iequal(word, "y")) return PublicSuffix::Yes;
    return ascii_iequal(word, "n") ? PublicSuffix::No : PublicSuffix::Unknown;
}

int hex_digit(char c) {
    if (ascii_digit(c)) return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

bool is_dmarc(std::string_view text) {
    const auto version = tag_of(text.substr(0, text.find(';')));
    return version && ascii_iequal(version->name, "v") && version->value == "DMARC1";
}

std::optional<Record> parse_record(std::string_view text) {
    if (!is_dmarc(text)) return std::nullopt;
    Tags tags;
    while (!text.empty()) {
        if (const auto tag = tag_of(cut(text, ';'))) {
            tags.emplace(ascii_lower(tag->name), tag->value);
        }
    }
    Record record;
    if (const auto tag = tags.find("rua"); tag != tags.end()) record.rua = uris_of(tag->second);
    if (const auto tag = tags.find("ruf"); tag != tags.end()) record.ruf = uris_of(tag->second);
    if (const auto tag = tags.find("fo"); tag != tags.end()) {
        record.failure_options = failure_options_of(tag->second);
    }
    if (const auto tag = tags.find("psd"); tag != tags.end()) {
        record.psd = public_suffix_of(tag->second);
    }
    if (const auto tag = tags.find("t"); tag != tags.end()) {
        record.testing = ascii_iequal(tag->second, "y");
    }
    record.dkim = alignment_of(tags, "adkim");
    record.spf = alignment_of(tags, "aspf");
    read_policies(tags, record);
    return record;
}

std::optional<std::string> mailto_address(std::string_view uri) {
    constexpr std::string_view kScheme = "mailto:";
    if (!ascii_iequal(uri.substr(0, kScheme.size()), kScheme)) return std::nullopt;
    uri.remove_prefix(kScheme.size());
    uri = uri.substr(0, uri.find('?'));
    std::string address;
    for (std::size_t i = 0; i < uri.size(); ++i) {
        if (uri[i] != '%') {
            address += uri[i];
            continue;
        }
        const int high = i + 1 < uri.size() ? hex_digit(uri[i + 1]) : -1;
        const int low = i + 2 < uri.size() ? hex_digit(uri[i + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        address += static_cast<char>(high * 16 + low);
        i += 2;
    }
    const auto mailbox = mail::Mailbox::parse(address);
    if (!mailbox) return std::nullopt;
    return mailbox->text();
}

}  // namespace postern::auth::dmarc
