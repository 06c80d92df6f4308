#include "gateway/auth/spf/evaluation.hpp"

#include <algorithm>
#include <utility>

#include "gateway/mail/address.hpp"

namespace postern::auth::spf {
namespace {

using dns::RecordType;
using Kind = Mechanism::Kind;

constexpr std::string_view kTooManyTerms = "too many terms that look something up";

bool looks_up(Kind kind) {
    return kind != Kind::All && kind != Kind::Ip4 && kind != Kind::Ip6;
}

/// The record among the texts of a name: nullptr when there is not exactly one.
struct Selected {
    const std::string* text = nullptr;
    std::size_t count = 0;
};
Selected select_record(const dns::Answer& answer) {
    Selected selected;
    for (const std::string& text : answer.texts) {
        if (!is_spf(text)) continue;
        selected.text = &text;
        ++selected.count;
    }
    return selected;
}

}  // namespace

Evaluation::Evaluation(const Request& request, Sender sender, dns::Inquiry& inquiry)
    : request_(request), sender_(std::move(sender)), inquiry_(inquiry) {}

Evaluation::Match Evaluation::error(SpfResult result, std::string detail) {
    return {false, result, std::move(detail)};
}

Spf Evaluation::run(const std::string& domain) {
    const Verdict verdict = check(domain);
    Spf spf;
    spf.result = verdict.result;
    spf.detail = verdict.detail;
    if (request_.explain && verdict.result == SpfResult::Fail && verdict.explanation) {
        spf.explanation = explain(*verdict.explanation, verdict.domain);
    }
    return spf;
}

Evaluation::Verdict Evaluation::check(const std::string& domain) {
    const dns::Answer answer = ask(domain, RecordType::Txt);
    if (answer.status == dns::Status::OverBudget) {
        return {SpfResult::PermError, answer.detail, {}, domain};
    }
    if (dns::unknown(answer.status)) {
        return {SpfResult::TempError, domain + ": " + answer.detail, {}, domain};
    }
    const Selected selected = select_record(answer);
    if (selected.count == 0) return {SpfResult::None, "no record at " + domain, {}, domain};
    if (selected.count > 1) {
        return {SpfResult::PermError, "several records at " + domain, {}, domain};
    }
    const auto record = parse_record(*selected.text);
    if (!record) return {SpfResult::PermError, domain + ": " + record.error(), {}, domain};
    return evaluate(*record, domain);
}

Evaluation::Verdict Evaluation::evaluate(const Record& record, const std::string& domain) {
    for (const Mechanism& mechanism : record.mechanisms) {
        const Match match = matches(mechanism, domain);
        if (match.error) return {*match.error, match.detail, {}, domain};
        if (!match.matched) continue;
        return {mechanism.qualifier, domain + ": " + mechanism.text, record.explanation, domain};
    }
    if (record.redirect && !record.has_all) return redirected(record, domain);
    return {SpfResult::Neutral, domain + ": no mechanism matched", {}, domain};
}

Evaluation::Verdict Evaluation::redirected(const Record& record, const std::string& domain) {
    if (!count_term()) return {SpfResult::PermError, std::string(kTooManyTerms), {}, domain};
    Mechanism redirect;
    redirect.domain = record.redirect;
    const auto target = target_of(redirect, domain);
    if (!target) return {SpfResult::PermError, domain + ": redirect to no name", {}, domain};
    Verdict verdict = check(*target);
    if (verdict.result == SpfResult::None) {  // 6.1
        return {
            SpfResult::PermError, "redirect to " + *target + ", which has no record", {}, domain};
    }
    return verdict;
}

Evaluation::Match Evaluation::matches(const Mechanism& mechanism, const std::string& domain) {
    if (!looks_up(mechanism.kind)) {
        if (mechanism.kind == Kind::All) return {true, {}, {}};
        const bool four = mechanism.kind == Kind::Ip4;
        return {
            four == request_.client.is_v4() && in_network(mechanism.network, mechanism), {}, {}};
    }
    if (!count_term()) return error(SpfResult::PermError, std::string(kTooManyTerms));
    const auto target = target_of(mechanism, domain);
    if (!target) {
        // A name that cannot be asked for has no record, which is fatal for an include (5.2).
        return mechanism.kind == Kind::Include
                   ? error(SpfResult::PermError, domain + ": include of no name")
                   : Match{};
    }
    switch (mechanism.kind) {
        case Kind::Include:
            return matches_include(*target);
        case Kind::A:
            return matches_address(*target, mechanism);
        case Kind::Mx:
            return matches_exchange(*target, mechanism);
        case Kind::Exists:
            return matches_exists(*target);
        case Kind::Ptr:
            return matches_reverse(*target);
        case Kind::All:
        case Kind::Ip4:
        case Kind::Ip6:
            break;
    }
    return {};
}

Evaluation::Match Evaluation::matches_include(const std::string& target) {
    const Verdict verdict = check(target);
    switch (verdict.result) {  // the table of 5.2
        case SpfResult::Pass:
            return {true, {}, {}};
        case SpfResult::Fail:
        case SpfResult::SoftFail:
        case SpfResult::Neutral:
            return {};
        case SpfResult::TempError:
        case SpfResult::PermError:
            return error(verdict.result, verdict.detail);
        case SpfResult::None:
            break;
    }
    return error(SpfResult::PermError, "include of " + target + ", which has no record");
}

Evaluation::Match Evaluation::matches_address(const std::string& target,
                                              const Mechanism& mechanism) {
    const dns::Answer answer = ask(target, address_type());
    if (const auto failed = trouble(answer)) return *failed;
    return {holds_client(answer, mechanism), {}, {}};
}

Evaluation::Match Evaluation::matches_exchange(const std::string& target,
                                               const Mechanism& mechanism) {
    const dns::Answer answer = ask(target, RecordType::Mx);
    if (const auto failed = trouble(answer)) return *failed;
    if (answer.exchanges.size() > request_.limits.exchanges) {
        return error(SpfResult::PermError, "too many mail exchanges at " + target);
    }
    std::vector<dns::Pending> asked;
    for (const dns::Exchange& exchange : answer.exchanges) {
        if (is_askable(exchange.host)) {
            asked.push_back(inquiry_.ask({exchange.host, address_type()}));
        }
    }
    for (const dns::Pending& pending : asked) {
        const dns::Answer& addresses = pending.wait();
        if (const auto failed = trouble(addresses)) return *failed;
        if (holds_client(addresses, mechanism)) return {true, {}, {}};
    }
    return {};
}

Evaluation::Match Evaluation::matches_exists(const std::string& target) {
    const dns::Answer answer = ask(target, RecordType::A);  // A, for IPv6 clients as well (5.7)
    if (const auto failed = trouble(answer)) return *failed;
    return {answer.found(), {}, {}};
}

Evaluation::Match Evaluation::matches_reverse(const std::string& target) {
    const auto& names = validated_names();
    // Void once for each term, although it is asked once (4.6.4). Names without an address are not
    // counted: they are the client's doing, not the sender's.
    if (nameless_ && ++voids_ > request_.limits.void_lookups) {
        return error(SpfResult::PermError, "too many void look-ups");
    }
    return {std::any_of(names.begin(), names.end(),
                        [&](const std::string& name) { return mail::is_within(name, target); }),
            {},
            {}};
}

bool Evaluation::count_term() {
    return ++terms_ <= request_.limits.terms;
}

std::optional<Evaluation::Match> Evaluation::trouble(const dns::Answer& answer) {
    if (answer.status == dns::Status::OverBudget) {
        return error(SpfResult::PermError, answer.detail);
    }
    if (dns::unknown(answer.status)) return error(SpfResult::TempError, answer.detail);
    if (!answer.found() && ++voids_ > request_.limits.void_lookups) {
        return error(SpfResult::PermError, "too many void look-ups");
    }
    return std::nullopt;
}

}  // namespace postern::auth::spf
