#pragma once

/// @file The links of a message as subjects of lists: distinct, bounded, the likely ones first.

#include <cstdint>
#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/reputation/dns_list.hpp"
#include "gateway/reputation/public_suffixes.hpp"

namespace postern::reputation {

/// One link, and where it stood.
struct Link {
    std::string url;          ///< as the jail normalized it
    std::string key;          ///< url_key() of it; empty: none
    std::string host;         ///< name or address in text form
    std::string registrable;  ///< empty: an address, or there is none
    std::uint32_t object = 0;
    std::string where;
};

struct Links {
    std::vector<Link> links;                 ///< distinct URLs in the order of Subject choice
    std::vector<Subject> subjects;           ///< distinct hosts for DNS lists
    std::size_t skipped = 0;                 ///< distinct domains beyond the limit, not asked for
    std::vector<std::string> skipped_names;  ///< the first few of them
};
/// Hosts of one domain that are asked for: all of "a.example", "b.a.example", ... would be its
/// owner's to multiply.
inline constexpr std::size_t kMaxHostsPerDomain = 4;

/// At most `max_domains` registrable domains and addresses become subjects. What a reader clicks on
/// comes before what is only loaded.
[[nodiscard]] Links collect_links(const analyzers::Report& report, const PublicSuffixes& suffixes,
                                  std::size_t max_domains);

}  // namespace postern::reputation
