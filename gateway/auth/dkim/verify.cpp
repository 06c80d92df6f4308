#include "gateway/auth/dkim/verify.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dkim/header_hash.hpp"
#include "gateway/auth/dkim/key_check.hpp"
#include "gateway/auth/dkim/signature.hpp"

namespace postern::auth::dkim {
namespace {

/// Fields that RFC 5322 3.6 and RFC 2045 allow once and that decide what a reader sees.
constexpr std::array<std::string_view, 6> kOnlyOnce = {
    "from", "sender", "reply-to", "subject", "content-type", "content-transfer-encoding"};

void leave_out(Dkim& result, const std::string& what, bool accepted) {
    result.left_out += (result.left_out.empty() ? "" : "; ") + what;
    result.counts = result.counts && accepted;
}

bool contains(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
               return ascii_lower(a) == ascii_lower(b);
           }) != text.end();
}

std::vector<std::string> names_of_interest(const std::vector<Signature>& signatures) {
    std::vector<std::string> names(kOnlyOnce.begin(), kOnlyOnce.end());
    for (const Signature& each : signatures) {
        names.insert(names.end(), each.signed_fields.begin(), each.signed_fields.end());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Dkim describe(const Signature& signature) {
    Dkim result;
    result.domain = signature.domain;
    result.selector = signature.selector;
    result.identity = signature.identity;
    result.algorithm = signature.algorithm_text;
    result.signature = signature.signature_start;
    result.body_length = signature.body.length;
    if (result.identity.empty() && !result.domain.empty()) result.identity = "@" + result.domain;
    return result;
}

}  // namespace

struct Verification::State {
    State(const mail::HeaderBlock& block, const VerifyLimits& allowed, std::uint64_t now)
        : header(block), limits(allowed) {
        const SignatureLimits bounds{limits.max_signature_size, now, limits.clock_skew};
        for (const mail::HeaderField& field : header.all("DKIM-Signature")) {
            if (signatures.size() == limits.max_listed) break;
            signatures.push_back(parse_signature(field, SignatureKind::Dkim, bounds));
        }
        if ((header.flaws() & mail::kNoEmptyLine) != 0 && header.count() > 0) {
            truncated = (header.flaws() & mail::kTooManyFields) != 0;
        }
        collect_kinds();
        index.emplace(header, names_of_interest(signatures));
    }

    void collect_kinds() {
        for (const Signature& each : signatures) {
            if (!each.problem) kinds.push_back(each.body);
        }
        std::sort(kinds.begin(), kinds.end());
        kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
    }

    [[nodiscard]] std::optional<Problem> problem_of(const Signature& signature) const;
    [[nodiscard]] std::optional<Problem> body_problem(const Signature& signature,
                                                      const BodyHasher& bodies) const;
    void judge_content(const Signature& signature, const BodyHasher& bodies, Dkim& result) const;
    [[nodiscard]] std::vector<std::size_t> by_use(std::vector<std::size_t> candidates) const;

    const mail::HeaderBlock& header;
    VerifyLimits limits;
    std::vector<Signature> signatures;
    std::vector<BodyHashKind> kinds;
    std::optional<FieldIndex> index;
    bool truncated = false;
};

/// What can be told from the header alone.
std::optional<Problem> Verification::State::problem_of(const Signature& signature) const {
    if (signature.problem) return signature.problem;
    if (truncated) return Problem{DkimResult::PermError, "the header has too many fields"};
    if (index->find("from").empty()) {
        return Problem{DkimResult::PermError, "the message has no From field"};
    }
    return std::nullopt;
}

std::optional<Problem> Verification::State::body_problem(const Signature& signature,
                                                         const BodyHasher& bodies) const {
    const auto body = bodies.find(signature.body);
    if (!body) return Problem{DkimResult::TempError, "the body was not hashed"};
    if (body->too_short) {
        return Problem{DkimResult::PermError, "l= is more than the body has"};
    }
    if (body->digest != signature.body_hash) {
        return Problem{DkimResult::Fail, "body hash does not match"};
    }
    return std::nullopt;
}

/// A valid signature that leaves out what a reader sees passes for more than it says (RFC 6376
/// 8.2, 8.15). That it is valid stays true, save where it is not known whose message it is.
void Verification::State::judge_content(const Signature& signature, const BodyHasher& bodies,
                                        Dkim& result) const {
    for (const std::string_view name : kOnlyOnce) {
        const auto there = index->find(std::string(name)).size();
        const auto covered = static_cast<std::size_t>(
            std::count(signature.signed_fields.begin(), signature.signed_fields.end(), name));
        if (covered == 0 || there <= covered) continue;
        const std::string what = "more " + std::string(name) + " fields than are signed";
        leave_out(result, what, limits.accept_unsigned_duplicates);
        if (name != "from") continue;
        result.result = DkimResult::Policy;
        result.detail = what;
    }
    const auto body = bodies.find(signature.body);
    if (!body || !body->partial) return;
    leave_out(result,
              "only " + std::to_string(*signature.body.length) + " of " +
                  std::to_string(body->body_size) + " bytes are signed (l=)",
              limits.accept_partial_body);
}

/// Signatures of the author's domain come first: they are the ones that matter to DMARC.
std::vector<std::size_t> Verification::State::by_use(std::vector<std::size_t> candidates) const {
    const auto& from = index->find("from");
    const std::string_view author = from.empty() ? std::string_view() : header[from[0]].value;
    std::stable_partition(candidates.begin(), candidates.end(), [&](std::size_t each) {
        return contains(author, signatures[each].domain);
    });
    return candidates;
}

Verification::Verification(const mail::HeaderBlock& header, const VerifyLimits& limits,
                           std::uint64_t now)
    : state_(std::make_unique<State>(header, limits, now)) {}
Verification::~Verification() = default;
Verification::Verification(Verification&&) noexcept = default;
Verification& Verification::operator=(Verification&&) noexcept = default;

const std::vector<BodyHashKind>& Verification::body_hashes() const {
    return state_->kinds;
}

void Verification::prefetch(dns::Inquiry& inquiry) const {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < state_->signatures.size(); ++i) {
        if (!state_->problem_of(state_->signatures[i])) candidates.push_back(i);
    }
    candidates = state_->by_use(std::move(candidates));
    candidates.resize(std::min(candidates.size(), state_->limits.max_signatures));
    for (const std::size_t each : candidates) {
        const auto pending =
            inquiry.ask({state_->signatures[each].key_name(), dns::RecordType::Txt});
        static_cast<void>(pending);
    }
}

std::vector<Dkim> Verification::results(const BodyHasher& bodies, dns::Inquiry& inquiry) const {
    const State& state = *state_;
    std::vector<Dkim> results;
    std::vector<std::size_t> candidates;
    for (const Signature& signature : state.signatures) {
        Dkim result = describe(signature);
        auto problem = state.problem_of(signature);
        if (!problem) problem = state.body_problem(signature, bodies);
        if (problem) {
            result.result = problem->result;
            result.detail = problem->detail;
        } else {
            result.result = DkimResult::Policy;
            result.detail = "too many signatures";
            candidates.push_back(results.size());
        }
        results.push_back(std::move(result));
    }
    candidates = state.by_use(std::move(candidates));
    candidates.resize(std::min(candidates.size(), state.limits.max_signatures));
    std::vector<dns::Pending> keys;
    keys.reserve(candidates.size());
    for (const std::size_t each : candidates) {
        keys.push_back(inquiry.ask({state.signatures[each].key_name(), dns::RecordType::Txt}));
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Signature& signature = state.signatures[candidates[i]];
        const Sha256Digest digest = header_digest(state.header, *state.index, signature);
        const KeyVerdict verdict = check_key(signature, digest, keys[i].wait(), state.limits);
        Dkim& result = results[candidates[i]];
        result.result = verdict.result;
        result.detail = verdict.detail;
        result.key_bits = verdict.bits;
        result.testing = verdict.testing;
        if (verdict.result == DkimResult::Pass) state.judge_content(signature, bodies, result);
    }
    return results;
}

std::vector<Dkim> Verification::refused(std::string_view why) const {
    std::vector<Dkim> results;
    for (const Signature& signature : state_->signatures) {
        Dkim result = describe(signature);
        result.result = DkimResult::PermError;
        result.detail = why;
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace postern::auth::dkim
