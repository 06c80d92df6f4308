/// @file Domains that pass for one of ours or of our partners ([domains].accept, [lists].partners):
/// look-alike characters, a letter off, another suffix, our name with words around it.

#include <algorithm>
#include <utility>

#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using auth::Likeness;

struct Imitation {
    Likeness likeness = Likeness::None;
    std::string of;
};

/// The closest of `brands`; None as well when `seen` is one of them.
Imitation closest(const Author& seen, const std::vector<std::string>& brands) {
    Imitation found;
    const auth::BrandDomain shown = auth::brand_of(seen.registrable);
    for (const std::string& each : brands) {
        const Author ours = author_of("x@" + each, {});
        if (seen.registrable == ours.registrable) return {};
        const Likeness likeness = auth::likeness(shown, auth::brand_of(ours.registrable));
        if (likeness > found.likeness) found = {likeness, each};
    }
    return found;
}

/// Where a domain stands that somebody may read, most visible first.
std::vector<std::pair<std::string, Author>> shown_domains(const Facts& facts) {
    std::vector<std::pair<std::string, Author>> shown;
    for (const Author& each : authors(*facts.message)) shown.emplace_back("From", each);
    for (const Author& each : reply_authors(*facts.message)) shown.emplace_back("Reply-To", each);
    if (facts.sender && facts.sender->reverse_path) {
        shown.emplace_back("MAIL FROM", author_of(facts.sender->reverse_path->text(), {}));
    }
    return shown;
}

Opinions run(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    Opinions said;
    std::vector<std::string> brands = tools.settings.accept_domains;
    const auto& partners = tools.settings.lists.partners;
    brands.insert(brands.end(), partners.begin(), partners.end());
    Imitation worst;
    std::string detail;
    for (const auto& [where, author] : shown_domains(facts)) {
        if (author.registrable.empty()) continue;
        Imitation found = closest(author, brands);
        if (found.likeness <= worst.likeness) continue;
        detail = where + " " + author.domain + ", like " + found.of + " (" +
                 std::string(auth::word(found.likeness)) + ")";
        worst = std::move(found);
    }
    if (worst.likeness == Likeness::None) return said;
    const bool close = worst.likeness >= Likeness::OneOff;
    said.push_back(noted(close ? "LOOKALIKE_DOMAIN" : "LOOKALIKE_DOMAIN_WEAK", detail));
    return said;
}

}  // namespace

const Check& look_alike() {
    static const Check kCheck{
        .name = "look_alike",
        .stage = Stage::Message,
        .run = run,
        .meaning = "A domain passes for one of ours or of our partners ([lists].partners)."};
    return kCheck;
}

}  // namespace postern::checks
