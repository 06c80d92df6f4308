#include "gateway/settings/dmarc.hpp"

#include "analyzers/base/ascii.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {

void read_dmarc(KeyReader& keys, Dmarc& dmarc) {
    keys.list("dmarc.reports_to", dmarc.reports_to);
    for (std::string& mailbox : dmarc.reports_to) {
        const std::size_t at = mailbox.find('@');
        const bool one = at != std::string::npos && at > 0 && at + 1 < mailbox.size() &&
                         mailbox.find('@', at + 1) == std::string::npos &&
                         mailbox.find_first_of(" :!<>") == std::string::npos;
        if (!one) {
            keys.fail("dmarc.reports_to", "has \"" + mailbox + "\"; local@domain is expected");
        }
        mailbox = ascii_lower(mailbox);
    }
    keys.duration("dmarc.keep_reports", dmarc.keep_reports, std::chrono::hours(24),
                  std::chrono::hours(24 * 3650));
    keys.integer("dmarc.max_rows", dmarc.max_rows, 1, 100'000'000);
}

}  // namespace postern::settings
