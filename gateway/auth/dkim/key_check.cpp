#include "gateway/auth/dkim/key_check.hpp"

#include <optional>

#include "gateway/auth/dkim/key_record.hpp"
#include "gateway/auth/dkim/public_key.hpp"

namespace postern::auth::dkim {
namespace {

constexpr std::uint32_t kWeakRsaBits = 2048;  // RFC 8301 3.2: signers SHOULD use 2048 at least

KeyVerdict permanent(std::string detail) {
    return {DkimResult::PermError, 0, false, std::move(detail)};
}

/// Why this record does not fit this signature; empty: it does.
std::string mismatch(const Signature& signature, const KeyRecord& record) {
    const bool rsa = signature.algorithm == Algorithm::RsaSha256;
    if (!record.email) return "the key is not for mail (s=)";
    if (!record.sha256) return "the key does not allow sha256 (h=)";
    if (record.key.empty()) return "the key is revoked";
    if (rsa != (record.type == KeyType::Rsa)) return "the key is of another type (k=)";
    if (record.same_domain && signature.kind == SignatureKind::Dkim &&
        signature.identity_domain != signature.domain) {
        return "the key does not allow subdomains in i= (t=s)";
    }
    return {};
}

std::string_view describe(KeyError error) {
    switch (error) {
        case KeyError::Malformed:
            return "the key is malformed";
        case KeyError::TooBig:
            return "the key is too big";
        case KeyError::Refused:
            return "the key is unusable";
    }
    return "";
}

KeyVerdict check_record(const Signature& signature, const Sha256Digest& digest,
                        std::string_view text, const VerifyLimits& limits) {
    if (text.size() > limits.max_key_size) return permanent("the key record is too long");
    const auto record = parse_key_record(text);
    if (!record) return permanent(std::string(describe(record.error())));
    KeyVerdict verdict = permanent(mismatch(signature, *record));
    verdict.testing = record->testing;
    if (!verdict.detail.empty()) return verdict;
    const auto key = PublicKey::parse(record->type, record->key, limits.max_rsa_bits);
    if (!key) {
        verdict.detail = describe(key.error());
        return verdict;
    }
    verdict.bits = key->bits();
    const bool rsa = record->type == KeyType::Rsa;
    const std::string length = std::to_string(verdict.bits) + "-bit key";
    if (rsa && verdict.bits < limits.min_rsa_bits) {
        verdict.result = DkimResult::Fail;
        verdict.detail = length + " proves nothing (RFC 8301 3.2)";
    } else if (!key->verifies(digest, signature.signature)) {
        verdict.result = DkimResult::Fail;
        verdict.detail = "signature does not verify";
    } else {
        verdict.result = DkimResult::Pass;
        verdict.detail = rsa && verdict.bits < kWeakRsaBits ? length + " (weak)" : length;
    }
    return verdict;
}

}  // namespace

KeyVerdict check_key(const Signature& signature, const Sha256Digest& digest,
                     const dns::Answer& answer, const VerifyLimits& limits) {
    if (answer.status == dns::Status::OverBudget) {
        // Asked again, it would be no other: nothing temporary about it.
        return {DkimResult::Policy, 0, false, "too many look-ups for one message"};
    }
    if (dns::unknown(answer.status)) {
        return {DkimResult::TempError, 0, false, "the key could not be looked up"};
    }
    if (!answer.found()) return permanent("there is no key");
    std::optional<KeyVerdict> best;
    std::size_t tried = 0;
    for (const std::string& text : answer.texts) {
        if (tried++ == limits.max_key_records) break;
        KeyVerdict verdict = check_record(signature, digest, text, limits);
        if (verdict.result == DkimResult::Pass) return verdict;
        // That a usable key does not match tells more than that a record is no key.
        const bool better =
            !best || (best->result != DkimResult::Fail &&
                      (verdict.result == DkimResult::Fail || (best->bits == 0 && verdict.testing)));
        if (better) best = std::move(verdict);
    }
    return best.value_or(permanent("there is no key"));
}

}  // namespace postern::auth::dkim
