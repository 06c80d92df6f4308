#include "gateway/auth/dmarc/report/redaction.hpp"

#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <span>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/sha256.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::dmarc {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::size_t kMostRecipients = 1000;  // written anew in one field
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kHidden = " [redacted]\r\n";
constexpr std::array<std::string_view, 3> kSeparators = {"@", "%40", "=40"};

/// Fields that name whom a message is for.
constexpr std::array<std::string_view, 18> kRecipientFields = {"to",
                                                               "cc",
                                                               "bcc",
                                                               "resent-to",
                                                               "resent-cc",
                                                               "resent-bcc",
                                                               "delivered-to",
                                                               "x-delivered-to",
                                                               "original-to",
                                                               "x-original-to",
                                                               "envelope-to",
                                                               "x-envelope-to",
                                                               "apparently-to",
                                                               "x-apparently-to",
                                                               "x-forwarded-to",
                                                               "x-rcpt-to",
                                                               "original-recipient",
                                                               "x-original-recipient"};
/// Whoever holds what stands in them may act for the recipient.
constexpr std::array<std::string_view, 1> kBearerFields = {"list-unsubscribe"};
/// "tag=address" in trace fields: the tag is no part of the address.
constexpr std::array<std::string_view, 6> kTags = {
    "i=", "header.i=", "header.from=", "envelope-from=", "smtp.mailfrom=", "smtp.mfrom="};

std::size_t tag_size(std::string_view local) {
    const auto tag = std::find_if(kTags.begin(), kTags.end(), [&](std::string_view each) {
        return ascii_iequal(local.substr(0, each.size()), each);
    });
    return tag == kTags.end() ? 0 : tag->size();
}

template <std::size_t N>
bool is_one_of(const mail::HeaderField& field, const std::array<std::string_view, N>& names) {
    return std::any_of(names.begin(), names.end(), [&](auto name) { return field.is(name); });
}

bool is_local(char c) {
    constexpr std::string_view kAtext = "!#$%&'*+-/=?^_`{|}~.";
    return ascii_alnum(c) || static_cast<unsigned char>(c) > 0x7f ||
           kAtext.find(c) != std::string_view::npos;
}
bool is_domain(char c) {
    return ascii_alnum(c) || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) > 0x7f;
}

struct Separator {
    std::size_t at = std::string_view::npos;
    std::size_t size = 0;
};
Separator next_separator(std::string_view text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
        for (const std::string_view each : kSeparators) {
            if (text.substr(i, each.size()) == each) return {i, each.size()};
        }
    }
    return {};
}

/// Where the local part begins that ends at `end`; not below `from`.
std::size_t local_begin(std::string_view text, std::size_t from, std::size_t end) {
    std::size_t begin = end;
    if (end > from && text[end - 1] == '"') {
        for (begin = end - 1; begin > from;) {
            --begin;
            if (text[begin] == '"' && (begin == from || text[begin - 1] != '\\')) return begin;
        }
        return from;  // no quote opens it: whatever stands there goes
    }
    while (begin > from && is_local(text[begin - 1])) --begin;
    return begin;
}

std::string_view domain_at(std::string_view text, std::size_t at) {
    at = std::min(text.find_first_not_of(kBlanks, at), text.size());
    std::size_t end = at;
    if (end < text.size() && text[end] == '[') {
        ++end;
        while (end < text.size() && (is_domain(text[end]) || text[end] == ':')) ++end;
        end += end < text.size() && text[end] == ']' ? 1U : 0U;
        return text.substr(at, end - at);
    }
    while (end < text.size() && is_domain(text[end])) ++end;
    while (end > at && text[end - 1] == '.') --end;
    return text.substr(at, end - at);
}

struct Address {
    std::size_t begin = 0;
    std::size_t local_end = 0;
    std::size_t separator_end = 0;
    std::string_view domain;
};
/// The next address at or behind `from`; `from` moves behind its separator.
std::optional<Address> next_address(std::string_view text, std::size_t& from) {
    while (true) {
        const Separator found = next_separator(text, from);
        if (found.at == std::string_view::npos) return std::nullopt;
        std::size_t end = found.at;
        while (end > from && kBlanks.find(text[end - 1]) != std::string_view::npos) --end;
        const Address address{local_begin(text, from, end), end, found.at + found.size,
                              domain_at(text, found.at + found.size)};
        from = address.separator_end;
        if (address.begin < end && !address.domain.empty()) return address;
    }
}

}  // namespace

std::string keyed_hash(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const void* bytes = text.data();
    if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
               static_cast<const unsigned char*>(bytes), text.size(), digest.data(),
               &size) == nullptr) {
        std::abort();
    }
    return to_hex(std::as_bytes(std::span(digest.data(), size)));
}

Redactor::Redactor(std::string key, std::string organization,
                   const std::vector<std::string>& recipients)
    : key_(std::move(key)), organization_(std::move(organization)) {
    for (const std::string& each : recipients) recipients_.insert(ascii_lower(each));
}

bool Redactor::is_own(std::string_view domain) const {
    return !organization_.empty() && mail::is_within(domain, organization_);
}

std::string Redactor::pseudonym(std::string_view local_part, std::string_view domain) const {
    const std::string address = ascii_lower(local_part) + '@' + ascii_lower(domain);
    return keyed_hash(key_, organization_ + ' ' + address).substr(0, kDigits);
}

std::string Redactor::hidden(std::string_view local_part, std::string_view domain) const {
    return pseudonym(local_part, domain) + '@' + std::string(domain);
}

std::string Redactor::addresses(std::string_view bytes) const {
    std::string out;
    std::size_t at = 0;
    for (std::size_t copied = 0;;) {
        auto found = next_address(bytes, at);
        if (!found) return out.append(bytes.substr(copied));
        std::string_view local = bytes.substr(found->begin, found->local_end - found->begin);
        const std::size_t tag = tag_size(local);
        found->begin += tag;
        local.remove_prefix(tag);
        const std::string address = ascii_lower(local) + '@' + ascii_lower(found->domain);
        const bool stays =
            local.empty() || (is_own(found->domain) && !recipients_.contains(address));
        out.append(bytes.substr(copied, found->begin - copied));
        out.append(stays ? std::string(local) : pseudonym(local, found->domain));
        copied = found->local_end;
    }
}

/// "list-bob=dest.example@lists.example" (VERP).
std::string Redactor::variable_paths(std::string text) const {
    if (text.find('=') == std::string::npos) return text;
    std::string lower = ascii_lower(text);
    for (const std::string& recipient : recipients_) {
        const std::size_t sign = recipient.rfind('@');
        if (sign == std::string::npos || sign == 0) continue;
        const std::string domain = recipient.substr(sign + 1);
        const std::string wanted = recipient.substr(0, sign) + '=' + domain;
        std::string out;
        std::size_t copied = 0;
        for (std::size_t at = lower.find(wanted); at != lower.npos; at = lower.find(wanted, at)) {
            out.append(text, copied, at - copied);
            out.append(pseudonym(recipient.substr(0, sign), domain));
            copied = at + sign;
            at += wanted.size();
        }
        if (copied == 0) continue;
        text = out.append(text, copied);
        lower = ascii_lower(text);
    }
    return text;
}

std::string Redactor::text(std::string_view bytes) const {
    return variable_paths(addresses(bytes));
}

/// Only the addresses are kept: display names and comments are names of persons.
std::string Redactor::recipient_field(const mail::HeaderField& field) const {
    std::string out = std::string(field.name) + ':';
    std::size_t at = 0;
    std::size_t count = 0;
    while (const auto found = next_address(field.value, at)) {
        if (count == kMostRecipients) break;
        const auto local = field.value.substr(found->begin, found->local_end - found->begin);
        out.append(count++ == 0 ? " <" : ",\r\n <").append(hidden(local, found->domain)) += '>';
    }
    return count == 0 ? out.append(kHidden) : out.append("\r\n");
}

std::string Redactor::field(const mail::HeaderField& field) const {
    if (is_one_of(field, kRecipientFields)) return recipient_field(field);
    if (is_one_of(field, kBearerFields))
        return std::string(field.name) + ':' + std::string(kHidden);
    // Who sent the message finds it in a log by this; it names a person only by accident.
    if (field.is("message-id")) return variable_paths(std::string(field.raw));
    return variable_paths(addresses(field.raw));
}

std::string Redactor::header(std::string_view block) const {
    const mail::HeaderBlock fields(block);
    std::string out;
    for (std::size_t i = 0; i < fields.count(); ++i) out += field(fields[i]);
    return out;
}

}  // namespace postern::auth::dmarc
