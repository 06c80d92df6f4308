#include "gateway/auth/dmarc/author.hpp"

#include <array>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/a_label.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/mail/address_list.hpp"

namespace postern::auth::dmarc {
namespace {

/// Whether some program may read a From field here although it is none: "From" with blanks or a
/// fold before it or before its colon, or with bytes that do not show.
bool resembles_from(const mail::HeaderField& field) {
    constexpr std::string_view kFrom = "from";
    std::size_t matched = 0;
    for (const char c : field.raw) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7f) continue;
        if (c == ':') return matched == kFrom.size();
        if (matched == kFrom.size() || ascii_lower(c) != kFrom[matched]) return false;
        ++matched;
    }
    return false;
}

constexpr std::uint16_t kUntrusted =
    mail::kBadName | mail::kBareCr | mail::kNul | mail::kNoColon | mail::kStartsFolded;

}  // namespace

std::string_view sentence(AuthorError error) {
    constexpr std::array<std::string_view, 5> kSentences = {
        "there is no From field", "there is more than one From field, or something like one",
        "the From field cannot be read", "the From field has no address",
        "the From field has addresses of several domains"};
    return kSentences.at(static_cast<std::size_t>(error));
}

Outcome<std::string, AuthorError> author_domain(const mail::HeaderBlock& header) {
    std::size_t look_alikes = 0;
    mail::HeaderField from;
    std::size_t found = 0;
    for (std::size_t i = 0; i < header.count(); ++i) {
        const mail::HeaderField field = header[i];
        if (field.is("from") && (field.flaws & kUntrusted) == 0) {
            from = field;
            ++found;
        } else if (resembles_from(field)) {
            ++look_alikes;
        }
    }
    if (found + look_alikes > 1) return Failure{AuthorError::SeveralFrom};
    if (found == 0) return Failure{look_alikes > 0 ? AuthorError::BadFrom : AuthorError::NoFrom};
    return author_domain_of(from.value);
}

Outcome<std::string, AuthorError> author_domain_of(std::string_view value) {
    const auto list = mail::parse_address_list(value);
    constexpr std::uint8_t kDoubtful = mail::kRoute | mail::kBlankInAddress;
    if (!list || (list->flaws & kDoubtful) != 0) return Failure{AuthorError::BadFrom};
    if (list->addresses.empty()) return Failure{AuthorError::NoAddress};
    std::string author;
    for (const mail::ListedAddress& address : list->addresses) {
        const auto ascii = mail::to_a_labels(address.domain);
        const auto domain =
            ascii ? mail::Domain::parse(*ascii) : mail::Domain::parse(std::string_view());
        if (!domain) return Failure{AuthorError::BadFrom};
        if (!author.empty() && author != domain->text()) {
            return Failure{AuthorError::SeveralDomains};
        }
        author = domain->text();
    }
    return author;
}

}  // namespace postern::auth::dmarc
