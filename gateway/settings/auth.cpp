#include "gateway/settings/auth.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {

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
}

}  // namespace postern::settings
