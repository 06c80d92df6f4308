#include "gateway/auth/dkim/tag_list.hpp"

#include <algorithm>
#include <limits>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"

namespace postern::auth::dkim {
namespace {

/// FWS without asking where its line ends are: the field has been cut at line ends already.
constexpr bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool good_name(std::string_view name) {
    return !name.empty() && ascii_alpha(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return ascii_alnum(c) || c == '_'; });
}

bool good_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return blank(c) || (static_cast<unsigned char>(c) > 32 && c != 127);
    });
}

}  // namespace

Outcome<TagList, TagListError> TagList::parse(std::string_view text) {
    TagList list;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(';', at), text.size());
        const std::string_view spec = text.substr(at, end - at);
        if (trimmed(spec).empty() && end == text.size() && !list.tags_.empty()) break;
        const std::size_t equals = spec.find('=');
        if (equals == std::string_view::npos) return Failure{TagListError::BadTag};
        Tag tag;
        tag.name = trimmed(spec.substr(0, equals));
        tag.value = trimmed(spec.substr(equals + 1));
        tag.begin = at + equals + 1;
        tag.end = end;
        if (!good_name(tag.name)) return Failure{TagListError::BadTag};
        if (!good_value(tag.value)) return Failure{TagListError::BadValue};
        list.tags_.push_back(tag);
        at = end + 1;
    }
    if (list.tags_.empty()) return Failure{TagListError::Empty};
    std::vector<std::string_view> names;
    names.reserve(list.tags_.size());
    for (const Tag& tag : list.tags_) names.push_back(tag.name);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
        return Failure{TagListError::Duplicate};
    }
    return list;
}

const Tag* TagList::find(std::string_view name) const {
    const auto found =
        std::find_if(tags_.begin(), tags_.end(), [&](const Tag& tag) { return tag.name == name; });
    return found == tags_.end() ? nullptr : &*found;
}

std::string without_blanks(std::string_view text) {
    std::string kept;
    kept.reserve(text.size());
    std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
                 [](char c) { return !blank(c); });
    return kept;
}

std::optional<std::string> base64_value(std::string_view text) {
    std::string data = without_blanks(text);
    for (int i = 0; i < 2 && data.ends_with('='); ++i) data.pop_back();
    const bool well = std::all_of(data.begin(), data.end(),
                                  [](char c) { return ascii_alnum(c) || c == '+' || c == '/'; });
    if (!well || data.size() % 4 == 1) return std::nullopt;
    return base64_read(data, Base64Dialect::SkipJunk).bytes;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0;;) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        parts.push_back(trimmed(text.substr(at, end - at)));
        if (end == text.size()) return parts;
        at = end + 1;
    }
}

std::optional<std::uint64_t> decimal(std::string_view text, std::size_t max_digits) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!ascii_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (kMost - digit) / 10 ? kMost : value * 10 + digit;
    }
    return value;
}

}  // namespace postern::auth::dkim
