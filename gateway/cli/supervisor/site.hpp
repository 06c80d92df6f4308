#pragma once

/// @file What must be there before the first service starts: folders, key, certificates, database,
/// an account, sockets.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/cli/supervisor/service_users.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::cli {

/// Where our programs and their data are.
struct Installation {
    std::string programs;  ///< folder of postern, postern-gatewayd, ...
    std::string rules;     ///< our YARA rules
    std::string web_app;   ///< built page of the review
};
[[nodiscard]] Installation installation(const std::string& program_folder);

/// [yara].rules with "default" replaced by the rules that come with us.
[[nodiscard]] std::vector<std::string> rule_paths(const settings::Settings& settings,
                                                  const Installation& installed);

/// A listening socket and the endpoint it is bound to.
struct Listener {
    std::string endpoint;
    UniqueFd socket;
};

struct Site {
    ServiceUsers users;
    UniqueFd key;                   ///< memory file: 32 bytes
    std::string smtp_certificates;  ///< control::to_document(); empty when TLS is off
    std::string signing_keys;       ///< auth::signing_keys(); empty when nothing is signed
    std::string web_certificate;    ///< PEM; empty when the web is off
    std::string web_key;
    std::vector<Listener> smtp;
    std::vector<Listener> smtp_tls;
    Listener web;
    Listener metrics;
    /// By name of the feed: header fields to send, from its header_file.
    std::map<std::string, std::vector<std::string>> feed_headers;
    std::string warning;  ///< what is not as it was asked for, and does not stop us
    /// Account and password made at the first start; empty afterwards.
    std::string first_login;
};

/// Prepares everything, or says in one sentence what stands in the way. `again` is the site of a
/// running supervisor: its sockets are kept where the address is the same.
[[nodiscard]] Outcome<Site, std::string> prepare_site(const settings::Settings& settings,
                                                      const Installation& installed,
                                                      const Site* again);

/// The files of smtp.tls as they are now, in the form of control::to_document(); empty when TLS is
/// off. Fails with a sentence for the operator.
[[nodiscard]] Outcome<std::string, std::string> smtp_certificates(
    const settings::Settings& settings);
/// Those that the operator keeps, for a watch.
[[nodiscard]] std::vector<std::string> smtp_certificate_files(const settings::Settings& settings);

}  // namespace postern::cli
