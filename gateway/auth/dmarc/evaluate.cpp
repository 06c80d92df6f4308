#include "gateway/auth/dmarc/evaluate.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dmarc/tree_walk.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::dmarc {
namespace {

enum class Aligned { No, Yes, Unknown };

/// 4.10.2. Both in lower case.
class Aligner {
public:
    Aligner(const Walk& author, dns::Inquiry& inquiry)
        : author_(author), organization_(author.organizational_domain()), inquiry_(inquiry) {}

    Aligned check(const std::string& identifier, Alignment mode) {
        const std::string domain = ascii_lower(identifier);
        if (domain.empty()) return Aligned::No;
        if (domain == author_.start) return Aligned::Yes;
        if (mode == Alignment::Strict) return Aligned::No;
        if (author_.trouble) return Aligned::Unknown;
        // Only what lies within an Organizational Domain can have it: no walk for the rest.
        if (!mail::is_within(domain, organization_)) return Aligned::No;
        const Walk other = walk(domain, inquiry_);
        if (other.trouble) return Aligned::Unknown;
        return other.organizational_domain() == organization_ ? Aligned::Yes : Aligned::No;
    }

private:
    const Walk& author_;
    const std::string organization_;
    dns::Inquiry& inquiry_;
};

/// What the authenticated identifiers amount to.
struct Identifiers {
    bool spf = false;
    bool dkim = false;
    bool unknown = false;  ///< one that may be aligned could not be told
    std::string left_out;  ///< what a valid signature does not cover, which therefore is none here
};

Identifiers align(Aligner& aligner, const Record& record, const Spf* spf,
                  std::span<const Dkim> dkim) {
    Identifiers found;
    if (spf != nullptr && (spf->result == SpfResult::Pass || spf->result == SpfResult::TempError)) {
        const Aligned aligned = aligner.check(spf->domain, record.spf);
        const bool pass = spf->result == SpfResult::Pass;
        found.spf = pass && aligned == Aligned::Yes;
        found.unknown = aligned == Aligned::Unknown || (!pass && aligned == Aligned::Yes);
    }
    for (const Dkim& signature : dkim) {
        if (signature.result == DkimResult::Pass && !signature.counts) {
            found.left_out = signature.domain + ": " + signature.left_out;
            continue;
        }
        const bool pass = signature.result == DkimResult::Pass;
        if (!pass && signature.result != DkimResult::TempError) continue;
        const Aligned aligned = aligner.check(signature.domain, record.dkim);
        found.dkim = found.dkim || (pass && aligned == Aligned::Yes);
        found.unknown =
            found.unknown || aligned == Aligned::Unknown || (!pass && aligned == Aligned::Yes);
    }
    return found;
}

/// One step softer (4.7, t).
DmarcPolicy softened(DmarcPolicy policy) {
    return policy == DmarcPolicy::Reject ? DmarcPolicy::Quarantine : DmarcPolicy::None;
}

/// p=, sp= or np=, whichever applies (4.10.1). False: it depends on whether the Author Domain
/// exists, and that could not be told.
bool choose_policy(const Published& published, Evaluation& evaluation, dns::Inquiry& inquiry) {
    const Record& record = published.record;
    Dmarc& result = evaluation.result;
    result.policy = record.policy;
    if (published.domain == result.domain) return true;
    evaluation.subdomain = true;
    const DmarcPolicy existing = record.subdomain_policy.value_or(record.policy);
    const DmarcPolicy missing = record.nonexistent_policy.value_or(existing);
    result.policy = existing;
    if (missing == existing) return true;
    const dns::Answer answer = inquiry.lookup({result.domain, dns::RecordType::A});
    evaluation.nonexistent = answer.status == dns::Status::NoName;
    if (evaluation.nonexistent) result.policy = missing;
    return !dns::unknown(answer.status);
}

std::string_view tag_of(const Record& record, const Evaluation& evaluation) {
    if (evaluation.nonexistent && record.nonexistent_policy) return "np";
    return evaluation.subdomain && record.subdomain_policy ? "sp" : "p";
}

std::string described(const Published& published, const Evaluation& evaluation) {
    return "record of " + published.domain + ", " +
           std::string(tag_of(published.record, evaluation)) + "=" +
           std::string(word(evaluation.result.policy.value_or(DmarcPolicy::None))) +
           (published.record.testing ? ", t=y" : "");
}

}  // namespace

Evaluation evaluate(const Outcome<std::string, AuthorError>& author, const Spf* spf,
                    std::span<const Dkim> dkim, dns::Inquiry& inquiry) {
    Evaluation evaluation;
    Dmarc& result = evaluation.result;
    if (!author) {
        result.result = DmarcResult::PermError;
        result.detail = sentence(author.error());
        return evaluation;
    }
    result.domain = *author;
    const Walk found = walk(*author, inquiry);
    if (found.trouble && (found.start_failed || found.at_start() == nullptr)) {
        result.result = DmarcResult::TempError;
        result.detail = *found.trouble;
        return evaluation;
    }
    result.organizational_domain = found.organizational_domain();
    const Published* published = found.policy();
    if (published == nullptr || !published->record.applies) {
        result.detail = published == nullptr ? "no record" : "a record without a usable policy";
        return evaluation;
    }
    result.policy_domain = published->domain;
    evaluation.record = published->record;
    const bool policy_known = choose_policy(*published, evaluation, inquiry);

    Aligner aligner(found, inquiry);
    const Identifiers identifiers = align(aligner, published->record, spf, dkim);
    result.spf_aligned = identifiers.spf;
    result.dkim_aligned = identifiers.dkim;
    result.detail = described(*published, evaluation);
    if (identifiers.spf || identifiers.dkim) {
        result.result = DmarcResult::Pass;
    } else if (identifiers.unknown || !policy_known) {
        result.result = DmarcResult::TempError;
        result.detail += "; a look-up failed";
    } else {
        result.result = DmarcResult::Fail;
        if (!identifiers.left_out.empty()) {
            result.detail += "; not counted: the signature of " + identifiers.left_out;
        }
        const DmarcPolicy policy = *result.policy;
        result.disposition = published->record.testing ? softened(policy) : policy;
    }
    return evaluation;
}

}  // namespace postern::auth::dmarc
