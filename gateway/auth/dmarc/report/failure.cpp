#include "gateway/auth/dmarc/report/failure.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::dmarc {
namespace {

bool is_wrong(const Dkim& signature) {
    return signature.result == DkimResult::Fail || signature.result == DkimResult::PermError;
}

/// softfail is what most domains publish for "not one of ours"; permerror is theirs to mend.
bool is_no(const std::optional<Spf>& spf) {
    return spf && (spf->result == SpfResult::Fail || spf->result == SpfResult::SoftFail ||
                   spf->result == SpfResult::PermError);
}

/// The first word of a field's value, lower case.
std::string first_word(const mail::HeaderField& field) {
    const std::string value = field.unfolded();
    return ascii_lower(value.substr(0, value.find_first_of(" \t;(")));
}

}  // namespace

Failures failures_of(const Evaluation& evaluation, const Results& results) {
    const Dmarc& dmarc = evaluation.result;
    // A fail is certain: whatever could not be looked up could not have been aligned.
    const bool certain = dmarc.result == DmarcResult::Fail;
    const bool keys_known =
        std::none_of(results.dkim.begin(), results.dkim.end(),
                     [](const Dkim& each) { return each.result == DkimResult::TempError; });
    const bool spf_known = results.spf && results.spf->result != SpfResult::TempError;
    Failures found;
    found.dkim = !dmarc.dkim_aligned && (certain || keys_known);
    found.spf = !dmarc.spf_aligned && (certain || spf_known);
    found.signature = std::any_of(results.dkim.begin(), results.dkim.end(), is_wrong);
    found.sender = is_no(results.spf);
    return found;
}

std::optional<Failures> failures_to_report(const Evaluation& evaluation, const Results& results) {
    const DmarcResult result = evaluation.result.result;
    if (result != DmarcResult::Pass && result != DmarcResult::Fail) return std::nullopt;
    // RFC 9991 2: a registry does not hear of the mail of those who registered there.
    if (!evaluation.record || evaluation.record->ruf.empty() ||
        evaluation.record->psd == PublicSuffix::Yes) {
        return std::nullopt;
    }
    const FailureOptions& wanted = evaluation.record->failure_options;
    const Failures found = failures_of(evaluation, results);
    const bool asked = (wanted.all_failed && result == DmarcResult::Fail) ||
                       (wanted.any_failed && (found.dkim || found.spf)) ||
                       (wanted.dkim && found.signature) || (wanted.spf && found.sender);
    if (!asked) return std::nullopt;
    return found;
}

bool is_automatic(std::string_view reverse_path, const mail::HeaderBlock& header) {
    if (reverse_path.empty()) return true;
    for (const mail::HeaderField& field : header.all("auto-submitted")) {
        if (first_word(field) != "no") return true;
    }
    const auto types = header.all("content-type");
    return std::any_of(types.begin(), types.end(), [](const mail::HeaderField& field) {
        return first_word(field) == "multipart/report";
    });
}

HeaderCopy header_copy(std::string_view block, std::size_t most) {
    const mail::HeaderBlock fields(block);
    HeaderCopy copy;
    std::size_t end = 0;
    for (std::size_t i = 0; i < fields.count() && !copy.cut; ++i) {
        const mail::HeaderField field = fields[i];
        copy.cut = field.offset + field.raw.size() > most;
        if (!copy.cut) end = field.offset + field.raw.size();
    }
    copy.block = std::string(block.substr(0, end));
    return copy;
}

const Dkim* wrong_signature(const Results& results) {
    const std::string organization = results.dmarc ? results.dmarc->organizational_domain : "";
    const Dkim* found = nullptr;
    for (const Dkim& each : results.dkim) {
        if (!is_wrong(each)) continue;
        if (!organization.empty() && mail::is_within(each.domain, organization)) return &each;
        if (found == nullptr) found = &each;
    }
    return found;
}

}  // namespace postern::auth::dmarc
