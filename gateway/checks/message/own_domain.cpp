/// @file Mail that says it is from us and comes from outside without proof. DMARC does this for
/// domains that have a record; this is for those that have none, or only watch.

#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

Opinions run(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    Opinions said;
    const auth::Results& results = facts.message->auth;
    if (!results.spf && results.dkim.empty() && !results.dmarc) return said;  // nobody has looked
    for (const Author& author : authors(*facts.message)) {
        if (author.domain.empty() || !is_ours(author.domain, tools.settings)) continue;
        if (is_authenticated(*facts.message, author)) continue;
        const bool unknown = results.dmarc && results.dmarc->result == auth::DmarcResult::TempError;
        said.push_back(unknown ? undecided("own_domain", "DNS did not answer")
                               : noted("OWN_DOMAIN_UNPROVEN", author.address));
        break;
    }
    return said;
}

}  // namespace

const Check& own_domain() {
    static const Check kCheck{.name = "own_domain",
                              .stage = Stage::Message,
                              .run = run,
                              .meaning = "A domain of ours in From, from outside, without proof."};
    return kCheck;
}

}  // namespace postern::checks
