#include "gateway/settings/auth.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {

namespace {

bool is_plain(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// An address that needs no quoting, since it stands in header fields and XML as it is.
bool is_mailbox(const std::string& text) {
    const std::size_t at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
           text.find('@', at + 1) == std::string::npos && is_plain(text) &&
           text.find_first_of(" ()<>[]:;,\\\"") == std::string::npos;
}

void read_reports(KeyReader& keys, Auth& auth) {
    keys.flag("auth.aggregate_reports", auth.aggregate_reports);
    keys.flag("auth.failure_reports", auth.failure_reports);
    keys.text("auth.report_from", auth.report_from);
    keys.text("auth.report_org", auth.report_org);
    keys.duration("auth.report_interval", auth.report_interval, std::chrono::seconds(1),
                  std::chrono::hours(24 * 7));
    keys.integer("auth.report_rows", auth.report_rows, 1, 1'000'000);
    keys.size("auth.report_size", auth.report_size, 1024, std::uint64_t{100} << 20U);
    keys.integer("auth.failure_reports_per_domain", auth.failure_reports_per_domain, 1, 10'000);
    keys.integer("auth.failure_reports_per_hour", auth.failure_reports_per_hour, 1, 10'000);
    keys.integer("auth.failure_reports_waiting", auth.failure_reports_waiting, 1, 10'000);
    keys.size("auth.failure_report_header", auth.failure_report_header, 1024,
              std::uint64_t{256} << 10U);
    if (!auth.report_from.empty() && !is_mailbox(auth.report_from)) {
        keys.fail("auth.report_from", "is no mailbox; local@domain is expected");
    }
    if (!is_plain(auth.report_org)) keys.fail("auth.report_org", "has letters beyond ASCII");
    if (auth.aggregate_reports && auth.report_from.empty()) {
        keys.fail("auth.aggregate_reports", "needs auth.report_from");
    }
    if (auth.failure_reports && auth.report_from.empty()) {
        keys.fail("auth.failure_reports", "needs auth.report_from");
    }
}

}  // namespace

void read_auth(KeyReader& keys, Auth& auth) {
    keys.text("auth.authserv_id", auth.authserv_id);
    if (auth.authserv_id.find_first_of(" \t\r\n;()<>\"\\") != std::string::npos) {
        keys.fail("auth.authserv_id", "is no name; a host name is expected");
    }
    keys.flag("auth.add_results", auth.add_results);
    keys.flag("auth.received_spf", auth.received_spf);
    keys.flag("auth.spf_helo", auth.spf_helo);
    keys.duration("auth.spf_time", auth.spf_time, std::chrono::milliseconds(100),
                  std::chrono::minutes(2));
    keys.list("auth.trusted_sealers", auth.trusted_sealers);
    for (std::string& sealer : auth.trusted_sealers) {
        if (sealer.empty() || sealer.find_first_of(" @*") != std::string::npos) {
            keys.fail("auth.trusted_sealers", "has \"" + sealer + "\"; domains are expected");
        }
        sealer = ascii_lower(sealer);
    }
    keys.integer("auth.max_signatures", auth.max_signatures, 1, 100);
    keys.integer("auth.min_rsa_bits", auth.min_rsa_bits, 512, 4096);
    keys.flag("auth.accept_partial_body", auth.accept_partial_body);
    keys.flag("auth.accept_unsigned_duplicates", auth.accept_unsigned_duplicates);
    keys.flag("auth.trusted_clients", auth.trusted_clients);
    read_reports(keys, auth);
}

}  // namespace postern::settings
