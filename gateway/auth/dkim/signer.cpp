#include "gateway/auth/dkim/signer.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"

namespace postern::auth::dkim {
namespace {

bool covers(std::string_view domain, std::string_view author_domain) {
    if (ascii_iequal(domain, author_domain)) return true;
    if (author_domain.size() <= domain.size()) return false;
    const std::string_view end = author_domain.substr(author_domain.size() - domain.size() - 1);
    return end.front() == '.' && ascii_iequal(end.substr(1), domain);
}

}  // namespace

bool Signer::signs_for(std::string_view author_domain) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const SigningKey& each) { return covers(each.domain, author_domain); });
}

std::string Signer::fields(const mail::HeaderBlock& header, const BodyHasher& bodies,
                           std::string_view author_domain, std::uint64_t now) const {
    const auto body = bodies.find(body_hash());
    if (!body) return {};
    std::size_t closest = 0;
    for (const SigningKey& each : keys_) {
        if (covers(each.domain, author_domain)) closest = std::max(closest, each.domain.size());
    }
    std::string made;
    for (const SigningKey& each : keys_) {
        if (each.domain.size() != closest || !covers(each.domain, author_domain)) continue;
        SignatureTerms terms;
        terms.domain = each.domain;
        terms.selector = each.selector;
        terms.header = rules_.header;
        terms.body = rules_.body;
        terms.time = now;
        terms.fields = rules_.fields;
        if (rules_.lifetime.count() > 0) {
            terms.expiry = now + static_cast<std::uint64_t>(rules_.lifetime.count());
        }
        made += sign(header, body->digest, each.key, terms).value_or("");
    }
    return made;
}

std::string Signer::sign_message(const std::string& message, std::string_view author_domain,
                                 std::uint64_t now) const {
    const mail::HeaderBlock header(message);
    BodyHasher bodies({body_hash()});
    bodies.update(std::string_view(message).substr(header.size()));
    bodies.finish();
    return fields(header, bodies, author_domain, now) + message;
}

}  // namespace postern::auth::dkim
