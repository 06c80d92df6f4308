#pragma once

/// @file [auth]: how the sender of a message is authenticated. What becomes of the results is the
/// business of the checks spf, dkim, dmarc and arc.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

class KeyReader;

struct Auth {
    std::string authserv_id;    ///< in Authentication-Results; empty: [smtp].hostname
    bool add_results = true;    ///< put Authentication-Results on top, remove what bears our id
    bool received_spf = false;  ///< put Received-SPF on top as well
    bool spf_helo = true;       ///< check HELO when there is a reverse-path, too
    std::chrono::milliseconds spf_time = std::chrono::seconds(20);  ///< of one SPF check
    /// Domains whose ARC seals may override a DMARC failure. Every seal of the chain has to be
    /// theirs, and the first has to have seen a DMARC pass.
    std::vector<std::string> trusted_sealers;
    std::uint32_t max_signatures = 10;  ///< DKIM signatures whose key is asked for
    std::uint32_t min_rsa_bits = 1024;  ///< a shorter key is a fail
    /// Whether a DKIM signature that passes authenticates its domain although bytes stand behind
    /// its l=, or although a field like Subject stands more often than it signs.
    bool accept_partial_body = false;
    bool accept_unsigned_duplicates = false;
    /// Whether mail of trusted clients ([smtp].unlimited_clients, addresses of [lists].allow) is
    /// authenticated as well. What comes of it is written and shown; no check of spam meets them.
    bool trusted_clients = false;
    bool aggregate_reports = false;  ///< DMARC: tell domains that ask for it what came of them
    /// DMARC: tell domains that ask for it of single messages that failed, with their header
    /// fields.
    bool failure_reports = false;
    std::string report_from;  ///< mailbox that sends the reports and gets the bounces
    std::string report_org;   ///< who reports; empty: [smtp].hostname
    std::chrono::milliseconds report_interval = std::chrono::hours(24);
    std::uint64_t report_rows =
        20'000;  ///< messages that differ, of one interval; more are not told
    std::uint64_t report_size = std::uint64_t{10} << 20U;  ///< bytes of one report as mail
    std::uint32_t failure_reports_per_domain = 10;  ///< mails about one policy domain in an hour
    std::uint32_t failure_reports_per_hour = 100;   ///< mails about all domains
    std::uint32_t failure_reports_waiting = 100;    ///< messages in memory until they are reported
    std::uint64_t failure_report_header = std::uint64_t{16} << 10U;  ///< bytes of a header told
};

/// Throws ConfigError.
void read_auth(KeyReader& keys, Auth& auth);

}  // namespace postern::settings
