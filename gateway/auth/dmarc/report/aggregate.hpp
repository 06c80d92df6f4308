#pragma once

/// @file What an aggregate report tells (RFC 9990): the messages of one period under one policy
/// record, those alike counted together. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dmarc/evaluate.hpp"
#include "gateway/auth/results.hpp"

namespace postern::auth::dmarc {

/// One signature, as reported.
struct ReportedDkim {
    std::string domain;
    std::string selector;
    DkimResult result = DkimResult::Neutral;

    friend auto operator<=>(const ReportedDkim&, const ReportedDkim&) = default;
};

/// Why the policy was not applied as published (RFC 9990 3.1.1.6).
enum class OverrideReason : std::uint8_t { None, LocalPolicy, TrustedForwarder, PolicyTestMode };

/// What messages have to share to be counted together. No address of a person is in it.
struct ReportRow {
    std::string source_ip;
    DmarcResult result = DmarcResult::Fail;       ///< Pass or Fail
    DmarcPolicy disposition = DmarcPolicy::None;  ///< what was done
    bool dkim_aligned = false;
    bool spf_aligned = false;
    OverrideReason reason = OverrideReason::None;
    std::string header_from;
    std::string envelope_from;  ///< domain only; empty: the null reverse-path
    std::vector<ReportedDkim> dkim;
    std::string spf_domain;
    SpfResult spf = SpfResult::None;

    friend auto operator<=>(const ReportRow&, const ReportRow&) = default;
};

/// The policy as it was published.
struct ReportedPolicy {
    std::string domain;  ///< where the record stands
    Record record;
};

/// nullopt: nothing is to be reported of this message (no record, no rua=, no result).
struct Reportable {
    ReportedPolicy policy;
    ReportRow row;
};
[[nodiscard]] std::optional<Reportable> reportable(const Evaluation& evaluation,
                                                   const Results& results,
                                                   const std::string& client_ip,
                                                   std::string_view reverse_path);

struct ReportFacts {
    std::string organization;  ///< who reports
    std::string email;         ///< where to ask
    std::string id;            ///< unique, [A-Za-z0-9.-]
    std::int64_t begin = 0;    ///< seconds since 1970, first of the period
    std::int64_t end = 0;      ///< last of the period
};

/// One report.
class AggregateReport {
public:
    /// Rows beyond `most_rows` that are not alike one that is there are dropped, and counted.
    explicit AggregateReport(ReportedPolicy policy, std::size_t most_rows = 100'000);

    void add(const ReportRow& row, std::uint64_t count = 1);

    [[nodiscard]] const ReportedPolicy& policy() const { return policy_; }
    [[nodiscard]] const std::map<ReportRow, std::uint64_t>& rows() const { return rows_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    [[nodiscard]] bool empty() const { return rows_.empty(); }

    /// The document (urn:ietf:params:xml:ns:dmarc-2.0), UTF-8. Every text is escaped, and what XML
    /// 1.0 cannot hold becomes "?".
    [[nodiscard]] std::string xml(const ReportFacts& facts) const;

private:
    ReportedPolicy policy_;
    std::size_t most_rows_;
    std::map<ReportRow, std::uint64_t> rows_;
    std::uint64_t dropped_ = 0;
};

}  // namespace postern::auth::dmarc
