#include "gateway/auth/arc/verify.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/auth/arc/arc_set.hpp"
#include "gateway/auth/arc/seal_digest.hpp"
#include "gateway/auth/dkim/header_hash.hpp"
#include "gateway/auth/dkim/key_check.hpp"

namespace postern::auth::arc {
namespace {

using dkim::KeyVerdict;
using dkim::Signature;

std::vector<std::string> signed_names(const ArcChain& chain) {
    std::vector<std::string> names;
    for (const ArcSet& set : chain.sets) {
        const auto& fields = set.message.signed_fields;
        names.insert(names.end(), fields.begin(), fields.end());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace

struct Verification::State {
    State(const mail::HeaderBlock& block, const dkim::VerifyLimits& allowed, std::uint64_t now)
        : header(block),
          limits(allowed),
          chain(read_chain(block, {limits.max_signature_size, now, limits.clock_skew})),
          index(block, signed_names(chain)) {
        for (const ArcSet& set : chain.sets) {
            if (!set.message.problem) kinds.push_back(set.message.body);
        }
        std::sort(kinds.begin(), kinds.end());
        kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
    }

    [[nodiscard]] KeyVerdict check_message(const Signature& message, const dkim::BodyHasher& bodies,
                                           dns::Inquiry& inquiry) const;
    [[nodiscard]] KeyVerdict check_seals(dns::Inquiry& inquiry) const;
    [[nodiscard]] std::uint32_t oldest_pass(const dkim::BodyHasher& bodies,
                                            dns::Inquiry& inquiry) const;

    const mail::HeaderBlock& header;
    dkim::VerifyLimits limits;
    ArcChain chain;
    dkim::FieldIndex index;
    std::vector<dkim::BodyHashKind> kinds;
};

namespace {

dns::Question key_question(const Signature& signature) {
    return {signature.key_name(), dns::RecordType::Txt};
}

KeyVerdict verdict(DkimResult result, std::string detail) {
    return {result, 0, false, std::move(detail)};
}

}  // namespace

/// ARC-Message-Signature is a DKIM signature in all but name (RFC 8617 4.1.2).
KeyVerdict Verification::State::check_message(const Signature& message,
                                              const dkim::BodyHasher& bodies,
                                              dns::Inquiry& inquiry) const {
    if (message.problem) return verdict(message.problem->result, message.problem->detail);
    const auto body = bodies.find(message.body);
    if (!body) return verdict(DkimResult::TempError, "the body was not hashed");
    if (body->too_short) {
        return verdict(DkimResult::PermError, "l= is more than the body has");
    }
    if (body->digest != message.body_hash) {
        return verdict(DkimResult::Fail, "body hash does not match");
    }
    return check_key(message, header_digest(header, index, message),
                     inquiry.lookup(key_question(message)), limits);
}

KeyVerdict Verification::State::check_seals(dns::Inquiry& inquiry) const {
    const auto digests = seal_digests(chain.sets);
    for (std::size_t i = chain.sets.size(); i-- > 0;) {
        const Signature& seal = chain.sets[i].seal;
        KeyVerdict checked =
            check_key(seal, digests[i], inquiry.lookup(key_question(seal)), limits);
        if (checked.result == DkimResult::Pass) continue;
        checked.detail = "seal " + std::to_string(i + 1) + ": " + checked.detail;
        return checked;
    }
    return verdict(DkimResult::Pass, {});
}

std::uint32_t Verification::State::oldest_pass(const dkim::BodyHasher& bodies,
                                               dns::Inquiry& inquiry) const {
    for (std::size_t i = chain.sets.size() - 1; i-- > 0;) {
        const KeyVerdict checked = check_message(chain.sets[i].message, bodies, inquiry);
        if (checked.result != DkimResult::Pass) return static_cast<std::uint32_t>(i + 2);
    }
    return 0;
}

Verification::Verification(const mail::HeaderBlock& header, const dkim::VerifyLimits& limits,
                           std::uint64_t now)
    : state_(std::make_unique<State>(header, limits, now)) {}
Verification::~Verification() = default;
Verification::Verification(Verification&&) noexcept = default;
Verification& Verification::operator=(Verification&&) noexcept = default;

const std::vector<dkim::BodyHashKind>& Verification::body_hashes() const {
    return state_->kinds;
}

void Verification::prefetch(dns::Inquiry& inquiry) const {
    const auto& sets = state_->chain.sets;
    for (const ArcSet& set : sets) static_cast<void>(inquiry.ask(key_question(set.seal)));
    if (sets.empty() || sets.back().message.problem) return;
    static_cast<void>(inquiry.ask(key_question(sets.back().message)));
}

Arc Verification::result(const dkim::BodyHasher& bodies, dns::Inquiry& inquiry) const {
    const State& state = *state_;
    const ArcChain& chain = state.chain;
    Arc result;
    if (chain.none()) return result;
    result.result = ArcResult::Fail;
    result.instances = chain.instances;
    result.sealer = chain.sealer;
    result.detail = chain.flaw;
    if (!chain.flaw.empty()) return result;
    for (const ArcSet& set : chain.sets) result.sealers.push_back(set.seal.domain);

    prefetch(inquiry);
    KeyVerdict checked = state.check_message(chain.sets.back().message, bodies, inquiry);
    if (checked.result != DkimResult::Pass) {
        checked.detail = "newest message signature: " + checked.detail;
    } else {
        checked = state.check_seals(inquiry);
    }
    result.detail = checked.detail;
    result.temporary = checked.result == DkimResult::TempError;
    if (checked.result != DkimResult::Pass) return result;
    result.result = ArcResult::Pass;
    const auto body = bodies.find(chain.sets.back().message.body);
    result.partial = body && body->partial && !state.limits.accept_partial_body;
    result.oldest_pass = state.oldest_pass(bodies, inquiry);
    return result;
}

}  // namespace postern::auth::arc
