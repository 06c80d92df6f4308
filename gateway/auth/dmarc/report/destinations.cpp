#include "gateway/auth/dmarc/report/destinations.hpp"

#include <algorithm>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dmarc/tree_walk.hpp"

namespace postern::auth::dmarc {
namespace {

enum class Consent { Given, Refused, Unknown };

std::string host_of(const std::string& mailbox) {
    return ascii_lower(mailbox.substr(mailbox.rfind('@') + 1));
}

/// The record "POLICY._report._dmarc.HOST"; it may name another mailbox at the same host (4, step
/// 6), which replaces this one.
Consent consent(const std::string& policy_domain, std::string& mailbox, ReportKind kind,
                dns::Inquiry& inquiry) {
    const std::string host = host_of(mailbox);
    const dns::Answer answer =
        inquiry.lookup({policy_domain + "._report._dmarc." + host, dns::RecordType::Txt});
    if (dns::unknown(answer.status)) return Consent::Unknown;
    const auto text = std::find_if(answer.texts.begin(), answer.texts.end(), is_dmarc);
    if (text == answer.texts.end()) return Consent::Refused;
    const auto record = parse_record(*text);
    for (const std::string& uri : kind == ReportKind::Failure ? record->ruf : record->rua) {
        const auto other = mailto_address(uri);
        if (!other || host_of(*other) != host) return Consent::Refused;
        mailbox = *other;
    }
    return Consent::Given;
}

/// Same Organizational Domain: no consent is needed.
std::optional<bool> is_internal(const std::string& policy_domain, const std::string& host,
                                dns::Inquiry& inquiry) {
    if (host == policy_domain) return true;
    const Walk own = walk(policy_domain, inquiry);
    const Walk other = walk(host, inquiry);
    if (own.trouble || other.trouble) return std::nullopt;
    return own.organizational_domain() == other.organizational_domain();
}

}  // namespace

Destinations verified_destinations(const std::string& policy_domain,
                                   const std::vector<std::string>& uris, dns::Inquiry& inquiry,
                                   ReportKind kind, std::size_t most) {
    Destinations found;
    for (std::size_t i = 0; i < std::min(uris.size(), most); ++i) {
        auto mailbox = mailto_address(uris[i]);
        if (!mailbox) {
            found.refused.push_back(uris[i] + ": only mailto: is supported");
            continue;
        }
        const auto internal = is_internal(policy_domain, host_of(*mailbox), inquiry);
        Consent given = Consent::Unknown;
        if (internal) {
            given = *internal ? Consent::Given : consent(policy_domain, *mailbox, kind, inquiry);
        }
        if (given == Consent::Unknown) {
            found.incomplete = true;
        } else if (given == Consent::Refused) {
            found.refused.push_back(uris[i] + ": the destination does not consent");
        } else if (std::find(found.mailboxes.begin(), found.mailboxes.end(), *mailbox) ==
                   found.mailboxes.end()) {
            found.mailboxes.push_back(*mailbox);
        }
    }
    return found;
}

}  // namespace postern::auth::dmarc
