#pragma once

/// @file The DNS tree walk (RFC 9989 4.10): which records stand above a domain, and which domain
/// is its organization's.

#include <optional>
#include <string>
#include <vector>

#include "gateway/auth/dmarc/record.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::auth::dmarc {

/// Questions of one walk (4.10, N).
constexpr std::size_t kWalkQueries = 8;

struct Published {
    std::string domain;
    Record record;
    std::string text;  ///< as it stands in the DNS
};

struct Walk {
    std::string start;
    std::vector<Published> found;        ///< from the longest name to the shortest
    std::optional<std::string> trouble;  ///< a look-up that told nothing: the walk is incomplete
    bool start_failed = false;           ///< it was that of `start` itself

    /// The record at `start` itself; nullptr: none.
    [[nodiscard]] const Published* at_start() const;
    /// 4.10.2; `start` when no record says more. Means nothing with `trouble`.
    [[nodiscard]] std::string organizational_domain() const;
    /// 4.10.1: of `start`, of its Organizational Domain, of its public suffix; nullptr: none.
    [[nodiscard]] const Published* policy() const;
};

/// The names that a walk asks for, `domain` first, without "_dmarc.".
[[nodiscard]] std::vector<std::string> walk_names(const std::string& domain);

/// Asks for all names at once and waits.
[[nodiscard]] Walk walk(const std::string& domain, dns::Inquiry& inquiry);

}  // namespace postern::auth::dmarc
