#include "gateway/auth/arc/seal.hpp"

#include <utility>

#include "gateway/auth/arc/arc_set.hpp"
#include "gateway/auth/arc/seal_digest.hpp"
#include "gateway/auth/dkim/header_hash.hpp"
#include "gateway/auth/dkim/sign.hpp"

namespace postern::auth::arc {
namespace {

using dkim::Canonicalization;

constexpr std::string_view kMessageSignature = "ARC-Message-Signature: ";
constexpr std::string_view kSeal = "ARC-Seal: ";

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& each : names) text += (text.empty() ? "" : ":") + each;
    return text;
}

/// True when the newest seal that is there says that the chain has failed: nothing may follow it
/// (RFC 8617 5.1.2).
bool ended(const mail::HeaderBlock& header, std::uint32_t instances) {
    for (const mail::HeaderField& field : header.all("ARC-Seal")) {
        const auto seal = dkim::parse_signature(field, dkim::SignatureKind::ArcSeal, {});
        if (seal.instance == instances && seal.chain == "fail") return true;
    }
    return false;
}

std::string_view status(ArcResult result) {
    switch (result) {
        case ArcResult::None:
            return "none";
        case ArcResult::Pass:
            return "pass";
        case ArcResult::Fail:
            return "fail";
    }
    return "fail";
}

/// A field in two halves, with b= between them: tags are in alphabetical order, so that b= stands
/// second and folds stand only between tags.
struct Halves {
    std::string front;
    std::string back;

    [[nodiscard]] std::string with(std::string_view b) const {
        return front + std::string(b) + back;
    }
};

std::string relaxed(std::string_view field) {
    std::string text;
    append_canonical_unsigned(text, field, Canonicalization::Relaxed);
    return text;
}

std::optional<std::string> sign_message(const mail::HeaderBlock& header, const Halves& halves,
                                        const std::vector<std::string>& fields,
                                        const dkim::PrivateKey& key) {
    const auto digest = digest_to_sign(header, fields, halves.with(""), Canonicalization::Relaxed);
    const auto made = key.sign(digest);
    if (!made) return std::nullopt;
    return halves.with(dkim::encode(*made));
}

}  // namespace

std::optional<std::string> seal(const mail::HeaderBlock& header, const Arc& verified,
                                const dkim::Sha256Digest& body_hash, const dkim::PrivateKey& key,
                                std::string_view results, const SealTerms& terms) {
    if (verified.instances >= kMaxInstances || ended(header, verified.instances)) {
        return std::nullopt;
    }
    const std::string instance = std::to_string(verified.instances + 1);
    std::vector<std::string> fields = terms.fields;
    if (fields.empty()) {
        fields = dkim::recommended_fields(header);
        fields.insert(fields.end(), header.count("DKIM-Signature"), "DKIM-Signature");
    }
    const std::string algorithm(dkim::algorithm_name(key.type()));
    const std::string names = "; d=" + terms.domain;
    const std::string end =
        "i=" + instance + "; s=" + terms.selector + "; t=" + std::to_string(terms.time);
    const std::string hash = dkim::encode(std::string(body_hash.begin(), body_hash.end()));

    const std::string recorded =
        "ARC-Authentication-Results: i=" + instance + "; " + std::string(results);
    // A blank stands before i=, since dkimpy looks for it.
    const Halves message{std::string(kMessageSignature) + "a=" + algorithm + ";\r\n\tb=",
                         ";\r\n\tbh=" + hash + "; c=relaxed/relaxed" + names +
                             ";\r\n\th=" + joined(fields) + ";\r\n\t " + end};
    const auto message_field = sign_message(header, message, fields, key);
    if (!message_field) return std::nullopt;

    const Halves unsealed{std::string(kSeal) + "a=" + algorithm + ";\r\n\tb=",
                          ";\r\n\tcv=" + std::string(status(verified.result)) + names + "; " + end};
    // RFC 8617 5.1.2: behind a failed chain, the seal covers its own set only.
    dkim::Sha256Context context;
    if (verified.result == ArcResult::Pass) {
        dkim::SignatureLimits limits;
        limits.now = terms.time;
        context = hashed_sets(read_chain(header, limits).sets);
    }
    context.update(relaxed(recorded) + "\r\n" + relaxed(*message_field) + "\r\n");
    context.update(relaxed(unsealed.with("")));
    const auto made = key.sign(context.digest());
    if (!made) return std::nullopt;
    return unsealed.with(dkim::encode(*made)) + "\r\n" + *message_field + "\r\n" + recorded +
           "\r\n";
}

}  // namespace postern::auth::arc
