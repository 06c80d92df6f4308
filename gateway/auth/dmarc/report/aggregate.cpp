#include "gateway/auth/dmarc/report/aggregate.hpp"

#include <algorithm>

namespace postern::auth::dmarc {
namespace {

constexpr std::size_t kMostSignatures = 100;  // RFC 9990 3.1.1.7 asks for restraint

std::string domain_of(std::string_view path) {
    const std::size_t at = path.rfind('@');
    return std::string(at == std::string_view::npos ? std::string_view() : path.substr(at + 1));
}

}  // namespace

std::optional<Reportable> reportable(const Evaluation& evaluation, const Results& results,
                                     const std::string& client_ip, std::string_view reverse_path) {
    const Dmarc& dmarc = evaluation.result;
    const bool decided = dmarc.result == DmarcResult::Pass || dmarc.result == DmarcResult::Fail;
    if (!decided || !evaluation.record || evaluation.record->rua.empty() || client_ip.empty()) {
        return std::nullopt;
    }
    ReportRow row;
    row.source_ip = client_ip;
    row.result = dmarc.result;
    row.disposition = dmarc.disposition;
    row.dkim_aligned = dmarc.dkim_aligned;
    row.spf_aligned = dmarc.spf_aligned;
    row.header_from = dmarc.domain;
    row.envelope_from =
        results.spf && !reverse_path.empty() ? results.spf->domain : domain_of(reverse_path);
    if (dmarc.overridden) {
        row.reason = OverrideReason::TrustedForwarder;
    } else if (dmarc.result == DmarcResult::Fail && evaluation.record->testing) {
        row.reason = OverrideReason::PolicyTestMode;
    } else if (dmarc.result == DmarcResult::Fail && dmarc.policy &&
               dmarc.disposition != *dmarc.policy) {
        row.reason = OverrideReason::LocalPolicy;
    }
    for (const Dkim& each : results.dkim) {
        if (row.dkim.size() >= kMostSignatures) break;
        if (!each.domain.empty()) row.dkim.push_back({each.domain, each.selector, told(each)});
    }
    if (results.spf) {
        row.spf = results.spf->result;
        row.spf_domain = results.spf->domain;
    }
    return Reportable{{dmarc.policy_domain, *evaluation.record}, std::move(row)};
}

AggregateReport::AggregateReport(ReportedPolicy policy, std::size_t most_rows)
    : policy_(std::move(policy)), most_rows_(most_rows) {}

void AggregateReport::add(const ReportRow& row, std::uint64_t count) {
    const auto known = rows_.find(row);
    if (known != rows_.end()) {
        known->second += count;
    } else if (rows_.size() < most_rows_) {
        rows_.emplace(row, count);
    } else {
        dropped_ += count;
    }
}

}  // namespace postern::auth::dmarc
