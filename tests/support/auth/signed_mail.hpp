#pragma once

/// @file Mail that is signed exactly as a test writes it: any tags, valid hash and signature.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/dkim/private_key.hpp"
#include "gateway/auth/dkim/sign.hpp"
#include "gateway/auth/dkim/tag_list.hpp"
#include "gateway/mail/header_block.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::tests {

constexpr std::uint64_t kNow = 1'800'000'000;

inline const auth::dkim::PrivateKey& rsa_key() {
    static const auto key =
        auth::dkim::PrivateKey::generate(auth::dkim::KeyType::Rsa, 2048).value();
    return key;
}
inline const auth::dkim::PrivateKey& ed25519_key() {
    static const auto key =
        auth::dkim::PrivateKey::generate(auth::dkim::KeyType::Ed25519, 0).value();
    return key;
}

/// "s._domainkey.example.org" has the RSA key, "e._domainkey.example.org" the other.
inline void publish_keys(FakeResolver& dns, const std::string& domain = "example.org") {
    dns.txt("s._domainkey." + domain, {rsa_key().record()});
    dns.txt("e._domainkey." + domain, {ed25519_key().record()});
}

inline std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

/// Base64 of the body's hash as c= and l= of `tags` want it.
inline std::string body_hash_for(const std::string& tags, std::string_view body) {
    auth::dkim::BodyHashKind kind;
    const auto list = auth::dkim::TagList::parse(tags);
    const auto* c = list ? list->find("c") : nullptr;
    const bool relaxed = c != nullptr && c->value.ends_with("/relaxed");
    if (relaxed) kind.canonicalization = auth::dkim::Canonicalization::Relaxed;
    if (const auto* l = list ? list->find("l") : nullptr) {
        kind.length = auth::dkim::decimal(l->value, 76);
    }
    auth::dkim::BodyHasher hasher({kind});
    hasher.update(body);
    hasher.finish();
    const auto found = hasher.find(kind).value();
    return auth::dkim::encode(std::string(found.digest.begin(), found.digest.end()));
}

/// A DKIM-Signature in front of `header` + `body`. `tags` is everything but b=; "BH" in it becomes
/// the body hash. h= and c= are read from it.
inline std::string signed_with(const auth::dkim::PrivateKey& key, std::string tags,
                               const std::string& header, const std::string& body,
                               const std::string& name = "DKIM-Signature") {
    using auth::dkim::Canonicalization;
    tags = replaced(tags, "BH", body_hash_for(tags, body));
    std::vector<std::string> fields;
    auto canonicalization = Canonicalization::Simple;
    if (const auto list = auth::dkim::TagList::parse(tags)) {
        if (const auto* h = list->find("h")) {
            for (const auto part : auth::dkim::split(h->value, ':')) fields.emplace_back(part);
        }
        const auto* c = list->find("c");
        if (c != nullptr && c->value.starts_with("relaxed")) {
            canonicalization = Canonicalization::Relaxed;
        }
    }
    const std::string unfinished = name + ": " + tags + "; b=";
    const mail::HeaderBlock block(header);
    const auto made =
        key.sign(auth::dkim::digest_to_sign(block, fields, unfinished, canonicalization));
    return unfinished + auth::dkim::encode(made.value()) + "\r\n" + header + body;
}

}  // namespace postern::tests
