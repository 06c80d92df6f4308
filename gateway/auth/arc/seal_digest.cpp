#include "gateway/auth/arc/seal_digest.hpp"

#include "gateway/auth/dkim/header_hash.hpp"

namespace postern::auth::arc {
namespace {

using dkim::Canonicalization;

void hash_field(dkim::Sha256Context& context, const mail::HeaderField& field) {
    std::string text;
    append_canonical(text, field, Canonicalization::Relaxed);
    context.update(text);
}

}  // namespace

std::vector<dkim::Sha256Digest> seal_digests(const std::vector<ArcSet>& sets) {
    std::vector<dkim::Sha256Digest> digests;
    dkim::Sha256Context context;
    for (const ArcSet& set : sets) {
        hash_field(context, set.results);
        hash_field(context, set.message.field);
        dkim::Sha256Context own = context.copy();
        std::string seal;
        append_canonical_signature(seal, set.seal);
        own.update(seal);
        digests.push_back(own.digest());
        hash_field(context, set.seal.field);
    }
    return digests;
}

dkim::Sha256Context hashed_sets(const std::vector<ArcSet>& sets) {
    dkim::Sha256Context context;
    for (const ArcSet& set : sets) {
        hash_field(context, set.results);
        hash_field(context, set.message.field);
        hash_field(context, set.seal.field);
    }
    return context;
}

}  // namespace postern::auth::arc
