#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/mail/address.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxDomain = 253;  // RFC 1035 2.3.4, in presentation form
constexpr std::size_t kMaxLabel = 63;    // RFC 1035 2.3.4

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & '\x80') == 0; });
}

// The length of a U-label is bounded by its A-label, which is not made here: the name's own bound
// has to do.
bool is_label(std::string_view label) {
    return !label.empty() && (label.size() <= kMaxLabel || !is_ascii(label)) &&
           label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) {
               return ascii_alnum(c) || c == '-' || c == '_' || (c & '\x80') != 0;
           });
}

}  // namespace

bool is_within(std::string_view name, std::string_view domain) {
    if (name.size() < domain.size()) return false;
    const std::size_t at = name.size() - domain.size();
    return ascii_iequal(name.substr(at), domain) && (at == 0 || name[at - 1] == '.');
}

Outcome<Domain, AddressError> Domain::parse(std::string_view text, Charset charset) {
    if (!text.empty() && text.back() == '.') text.remove_suffix(1);
    if (text.empty()) return Failure{AddressError::Empty};
    if (text.size() > kMaxDomain) return Failure{AddressError::TooLong};
    const bool spelt = charset == Charset::Utf8 ? is_utf8(text) : is_ascii(text);
    if (!spelt) return Failure{AddressError::NotAscii};

    std::string lower = ascii_lower(text);
    for (std::string_view rest = lower; !rest.empty();) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        if (!is_label(rest.substr(0, dot))) return Failure{AddressError::BadLabel};
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    if (lower.back() == '.') return Failure{AddressError::BadLabel};
    return Domain(std::move(lower));
}

Domain Domain::literal(const IpAddress& address) {
    return Domain((address.is_v4() ? "[" : "[IPv6:") + address.text() + "]");
}

}  // namespace postern::mail
