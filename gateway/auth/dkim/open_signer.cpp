#include "gateway/auth/dkim/open_signer.hpp"

#include <utility>

namespace postern::auth::dkim {
namespace {

Canonicalization form(settings::SignedForm form) {
    return form == settings::SignedForm::Simple ? Canonicalization::Simple
                                                : Canonicalization::Relaxed;
}

}  // namespace

Outcome<std::vector<std::string>, std::string> read_keys(const settings::Dkim& settings) {
    std::vector<std::string> pems;
    for (const settings::DkimKey& each : settings.keys) {
        const auto key = PrivateKey::read(each.file);
        if (!key) return Failure{key.error()};
        pems.push_back(key->pem());
    }
    return pems;
}

Outcome<Signer, std::string> make_signer(const settings::Dkim& settings,
                                         const std::vector<std::string>& pems) {
    if (pems.size() != settings.keys.size())
        return Failure{std::string("signing keys are missing")};
    SigningRules rules;
    rules.header = form(settings.header);
    rules.body = form(settings.body);
    rules.lifetime = std::chrono::duration_cast<std::chrono::seconds>(settings.lifetime);
    rules.fields = settings.fields;
    std::vector<SigningKey> keys;
    for (std::size_t i = 0; i < pems.size(); ++i) {
        auto key = PrivateKey::parse(pems[i]);
        const settings::DkimKey& named = settings.keys[i];
        if (!key) return Failure{named.file + ": " + key.error()};
        keys.push_back({named.domain, named.selector, std::move(key).value()});
    }
    return Signer(std::move(keys), std::move(rules));
}

Outcome<Signer, std::string> open_signer(const settings::Dkim& settings) {
    const auto pems = read_keys(settings);
    if (!pems) return Failure{pems.error()};
    return make_signer(settings, *pems);
}

}  // namespace postern::auth::dkim
