#pragma once

/// @file A DMARC policy record (RFC 9989 4.7, 4.8), read the way the standard wants it: a strict
/// beginning, then every tag for itself; what is wrong in one falls back to its default.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/results.hpp"

namespace postern::auth::dmarc {

enum class Alignment : std::uint8_t { Relaxed, Strict };
/// psd=: whether the domain is one under which others register (y), an organization's own (n), or
/// this is to be found out (u, the default).
enum class PublicSuffix : std::uint8_t { Unknown, Yes, No };

/// fo=: when a failure report is wanted.
struct FailureOptions {
    bool all_failed = true;   ///< 0
    bool any_failed = false;  ///< 1
    bool dkim = false;        ///< d
    bool spf = false;         ///< s

    friend bool operator==(const FailureOptions&, const FailureOptions&) = default;
};

struct Record {
    DmarcPolicy policy = DmarcPolicy::None;         ///< p=
    std::optional<DmarcPolicy> subdomain_policy;    ///< sp=
    std::optional<DmarcPolicy> nonexistent_policy;  ///< np=
    Alignment dkim = Alignment::Relaxed;            ///< adkim=
    Alignment spf = Alignment::Relaxed;             ///< aspf=
    PublicSuffix psd = PublicSuffix::Unknown;
    bool testing = false;            ///< t=y
    FailureOptions failure_options;  ///< fo=
    std::vector<std::string> rua;    ///< valid URIs as written, without "!size" (4.7)
    std::vector<std::string> ruf;
    /// Nothing but reports is to be done with this record: p= is missing or wrong, or sp= or np=
    /// is wrong (4.10.1). With a valid rua= the policy is then none; without, `applies` is false.
    bool applies = true;
};

/// "v=DMARC1" in exactly these letters, blanks around "=", then ";" or the end.
[[nodiscard]] bool is_dmarc(std::string_view text);

/// nullopt: not is_dmarc(). Linear; tags that stand twice count once, the first one.
[[nodiscard]] std::optional<Record> parse_record(std::string_view text);

/// The mailbox of a mailto: URI, percent-decoded, without headers; nullopt: another scheme, or no
/// mailbox (RFC 6068).
[[nodiscard]] std::optional<std::string> mailto_address(std::string_view uri);

}  // namespace postern::auth::dmarc
