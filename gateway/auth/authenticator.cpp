#include "gateway/auth/authenticator.hpp"

#include <algorithm>
#include <utility>

#include "gateway/auth/arc_override.hpp"
#include "gateway/auth/dmarc/author.hpp"
#include "gateway/auth/dmarc/tree_walk.hpp"
#include "gateway/auth/iprev.hpp"
#include "gateway/auth/spf/names.hpp"

namespace postern::auth {
namespace {

spf::Request spf_request(const AuthenticatorSettings& settings, const Sender& sender) {
    spf::Request request{*sender.client, sender.helo, sender.reverse_path, settings.hostname};
    request.time = sender.time;
    request.explain = settings.explain;
    request.limits = settings.spf;
    request.limits.deadline =
        std::min(settings.spf.deadline, std::chrono::steady_clock::now() + settings.spf_time);
    return request;
}

void ask_spf(std::string_view name, dns::Inquiry& inquiry) {
    const auto domain = spf::checkable_domain(name);
    if (domain) (void)inquiry.ask({*domain, dns::RecordType::Txt});
}

}  // namespace

AuthenticatorSettings authenticator_settings(const settings::Auth& auth,
                                             const std::string& hostname) {
    AuthenticatorSettings made;
    made.hostname = hostname;
    made.spf_time = auth.spf_time;
    made.spf_helo = auth.spf_helo;
    made.intake.dkim.max_signatures = auth.max_signatures;
    made.intake.dkim.min_rsa_bits = auth.min_rsa_bits;
    made.intake.dkim.accept_partial_body = auth.accept_partial_body;
    made.intake.dkim.accept_unsigned_duplicates = auth.accept_unsigned_duplicates;
    made.trusted_sealers = auth.trusted_sealers;
    return made;
}

Authenticator::Authenticator(AuthenticatorSettings settings) : settings_(std::move(settings)) {}

void Authenticator::ask_ahead(const Sender& sender, const arc::SignedMessage& taken,
                              dns::Inquiry& inquiry) const {
    taken.prefetch(inquiry);
    if (sender.client) {
        const std::string& path = sender.reverse_path;
        (void)inquiry.ask({dns::reverse_name(*sender.client), dns::RecordType::Ptr});
        if (!path.empty()) ask_spf(spf::split_sender(path).domain, inquiry);
        if (path.empty() || settings_.spf_helo) ask_spf(sender.helo, inquiry);
    }
    const auto author = dmarc::author_domain(taken.block());
    if (!author) return;
    for (const std::string& name : dmarc::walk_names(*author)) {
        (void)inquiry.ask({"_dmarc." + name, dns::RecordType::Txt});
    }
}

Iprev Authenticator::reverse(const Sender& sender, dns::Inquiry& inquiry) const {
    return sender.client ? iprev(*sender.client, inquiry) : Iprev{};
}

void Authenticator::envelope(const Sender& sender, dns::Inquiry& inquiry, Results& results) const {
    if (!sender.client) {
        results.spf.emplace();
        results.spf->detail = "not checked: the client's address is unknown";
        return;
    }
    const spf::Request request = spf_request(settings_, sender);
    results.spf = spf::check_mail_from(request, inquiry);
    const bool both = settings_.spf_helo && !sender.reverse_path.empty() && !sender.helo.empty();
    if (both) results.spf_helo = spf::check_helo(request, inquiry);
}

arc::SignedMessage Authenticator::intake(std::int64_t time) const {
    return arc::SignedMessage(settings_.intake,
                              static_cast<std::uint64_t>(std::max<std::int64_t>(time, 0)));
}

dmarc::Evaluation Authenticator::message(const arc::SignedMessage& taken, dns::Inquiry& inquiry,
                                         Results& results) const {
    results.dkim = taken.dkim(inquiry);
    results.arc = taken.arc(inquiry);
    dmarc::Evaluation evaluation =
        dmarc::evaluate(dmarc::author_domain(taken.block()), results.spf ? &*results.spf : nullptr,
                        results.dkim, inquiry);
    Dmarc& dmarc = evaluation.result;
    if (dmarc.result == DmarcResult::Fail && dmarc.disposition != DmarcPolicy::None &&
        arc_vouches(taken.block(), *results.arc, settings_.trusted_sealers)) {
        dmarc.disposition = DmarcPolicy::None;
        dmarc.overridden = true;
        dmarc.detail += "; overridden by a chain of trusted sealers";
    }
    results.dmarc = dmarc;
    return evaluation;
}

Results Authenticator::all(const Sender& sender, const arc::SignedMessage& taken,
                           dns::Inquiry& inquiry) const {
    Results results;
    ask_ahead(sender, taken, inquiry);
    envelope(sender, inquiry, results);
    results.iprev = reverse(sender, inquiry);
    message(taken, inquiry, results);
    return results;
}

}  // namespace postern::auth
