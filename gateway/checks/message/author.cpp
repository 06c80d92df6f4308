#include "gateway/checks/message/author.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/names.hpp"
#include "gateway/mail/a_label.hpp"
#include "gateway/reputation/public_suffixes.hpp"

namespace postern::checks {
namespace {

std::string registrable(const std::string& domain) {
    std::string found = reputation::registrable_domain(domain);
    return found.empty() ? domain : found;
}

}  // namespace

Author author_of(std::string_view address, std::string_view name) {
    Author author{std::string(name), ascii_lower(address), {}, {}};
    const std::size_t at = author.address.rfind('@');
    if (at == std::string::npos) return author;
    author.domain = mail::to_a_labels(std::string_view(author.address).substr(at + 1)).value_or("");
    author.registrable = registrable(author.domain);
    return author;
}

std::vector<Author> authors(const MessageFacts& message) {
    std::vector<Author> found;
    if (message.report == nullptr) return found;
    const analyzers::MessageFacts& shown = message.report->message;
    for (std::size_t i = 0; i < shown.from.size(); ++i) {
        const bool named = i < shown.from_names.size();
        found.push_back(
            author_of(shown.from[i], named ? std::string_view(shown.from_names[i]) : ""));
    }
    return found;
}

std::vector<Author> reply_authors(const MessageFacts& message) {
    std::vector<Author> found;
    if (message.report == nullptr) return found;
    for (const std::string& address : message.report->message.reply_to) {
        found.push_back(author_of(address, {}));
    }
    return found;
}

bool is_ours(std::string_view domain, const settings::Settings& settings) {
    const auto& ours = settings.accept_domains;
    return std::any_of(ours.begin(), ours.end(), [&](const std::string& each) {
        return domain_matches(each, domain) || domain_matches("." + each, domain);
    });
}

bool is_authenticated(const MessageFacts& message, const Author& author) {
    const auth::Results& results = message.auth;
    if (results.dmarc && results.dmarc->result == auth::DmarcResult::Pass) return true;
    const auto same = [&](const std::string& domain) {
        return registrable(ascii_lower(domain)) == author.registrable;
    };
    const bool signed_by_it = std::any_of(
        results.dkim.begin(), results.dkim.end(),
        [&](const auth::Dkim& each) { return auth::authenticates(each) && same(each.domain); });
    const bool sent_by_it =
        results.spf && results.spf->result == auth::SpfResult::Pass && same(results.spf->domain);
    return signed_by_it || sent_by_it;
}

}  // namespace postern::checks
