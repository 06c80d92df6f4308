#pragma once

/// @file What a failure report hides (RFC 6590 in spirit): the local parts of addresses that are
/// not the reported organization's own, and of everybody who was written to. Pure.

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/mail/header_block.hpp"

namespace postern::auth::dmarc {

/// HMAC-SHA-256, 64 hexadecimal digits.
[[nodiscard]] std::string keyed_hash(std::string_view key, std::string_view text);

/// Of one report. A local part becomes 16 digits of a keyed hash of the address and of whom the
/// report is about: the same address in two reports about one domain is seen to be the same, and
/// nobody without the key can try names, or compare what different domains were told.
class Redactor {
public:
    /// `key`: random, known to this process only. `organization`: whose addresses stay, lower case;
    /// empty: nobody's. `recipients`: "local@domain" of the envelope.
    Redactor(std::string key, std::string organization, const std::vector<std::string>& recipients);

    /// Any text with addresses in it: "@" may stand as "%40" (URIs) or "=40" (encoded words), and
    /// an envelope's recipient also as "local=domain" (VERP). Linear in the text.
    [[nodiscard]] std::string text(std::string_view bytes) const;
    /// One field, line ends included.
    [[nodiscard]] std::string field(const mail::HeaderField& field) const;
    /// All fields up to the empty line.
    [[nodiscard]] std::string header(std::string_view block) const;
    /// "local@domain", the local part always hidden.
    [[nodiscard]] std::string hidden(std::string_view local_part, std::string_view domain) const;

private:
    /// Whether the domain is that of the organization, or below it.
    [[nodiscard]] bool is_own(std::string_view domain) const;
    [[nodiscard]] std::string pseudonym(std::string_view local_part, std::string_view domain) const;
    [[nodiscard]] std::string addresses(std::string_view bytes) const;
    [[nodiscard]] std::string variable_paths(std::string text) const;
    [[nodiscard]] std::string recipient_field(const mail::HeaderField& field) const;

    std::string key_;
    std::string organization_;
    std::set<std::string> recipients_;  ///< lower case
};

}  // namespace postern::auth::dmarc
