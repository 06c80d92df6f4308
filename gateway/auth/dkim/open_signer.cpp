#include "gateway/auth/dkim/open_signer.hpp"

#include <utility>

namespace postern::auth::dkim {
namespace {

Canonicalization form(settings::SignedForm form) {
    return form == settings::SignedForm::Simple ? Canonicalization::Simple
                                                : Canonicalization::Relaxed;
}

}  // namespace

Outcome<Signer, std::string> open_signer(const settings::Dkim& settings) {
    SigningRules rules;
    rules.header = form(settings.header);
    rules.body = form(settings.body);
    rules.lifetime = std::chrono::duration_cast<std::chrono::seconds>(settings.lifetime);
    rules.fields = settings.fields;
    std::vector<SigningKey> keys;
    for (const settings::DkimKey& each : settings.keys) {
        auto key = PrivateKey::read(each.file);
        if (!key) return Failure{key.error()};
        keys.push_back({each.domain, each.selector, std::move(key).value()});
    }
    return Signer(std::move(keys), std::move(rules));
}

}  // namespace postern::auth::dkim
