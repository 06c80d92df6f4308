/// @file Any text: it is a record exactly when its version says so, and what was read of it reads
/// the same when it is written down.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/auth/dmarc/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::auth::dmarc;
    const std::string text(data, data + size);
    const auto record = parse_record(text);
    if (record.has_value() != is_dmarc(text)) std::abort();
    if (!record) return 0;
    std::string written = "v=DMARC1; p=" + std::string(word(record->policy));
    if (record->subdomain_policy) written += "; sp=" + std::string(word(*record->subdomain_policy));
    if (record->nonexistent_policy) {
        written += "; np=" + std::string(word(*record->nonexistent_policy));
    }
    written += record->testing ? "; t=y" : "; t=n";
    for (std::size_t i = 0; i < record->rua.size(); ++i) {
        written += (i == 0 ? "; rua=" : ",") + record->rua[i];
    }
    for (std::size_t i = 0; i < record->ruf.size(); ++i) {
        written += (i == 0 ? "; ruf=" : ",") + record->ruf[i];
    }
    const FailureOptions& wanted = record->failure_options;
    written += std::string("; fo=") + (wanted.all_failed ? "0:" : "") +
               (wanted.any_failed ? "1:" : "") + (wanted.dkim ? "d:" : "") +
               (wanted.spf ? "s:" : "");
    const auto again = parse_record(written);
    if (!again || again->policy != record->policy || again->testing != record->testing ||
        again->subdomain_policy != record->subdomain_policy ||
        again->nonexistent_policy != record->nonexistent_policy || again->rua != record->rua ||
        again->ruf != record->ruf || again->failure_options != wanted) {
        std::abort();
    }
    return 0;
}
