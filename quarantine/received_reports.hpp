#pragma once

/// @file DMARC aggregate reports that others have sent about our domains, as the jail read them.

#include <cstdint>
#include <string>
#include <vector>

#include "analyzers/api/dmarc_report.hpp"
#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

class Connection;
class Database;

/// Whose mail a report came in.
struct ReportOrigin {
    UnixMs received = 0;
    std::string message = {};  ///< id of the mail
    std::string sender = {};   ///< domain that DMARC proved; empty: nobody is
};

/// What add() did.
enum class ReportKept : std::uint8_t { New, Known, NoRoom };

/// Which rows are summed up.
struct ReportQuery {
    std::string domain = {};       ///< lower case; empty: all
    UnixMs since = 0;              ///< of reports that end then or later
    bool unauthenticated = false;  ///< these instead of those whose sender is proven
    std::size_t limit = 10'000;
    bool failing = false;  ///< only rows that neither SPF nor DKIM aligns
};

/// Rows that are alike, summed up over reports.
struct ReportSum {
    std::string domain;  ///< whose policy it is about
    std::string source_ip;
    bool spf_aligned = false;
    bool dkim_aligned = false;
    std::string disposition;
    std::string reason;  ///< why that is not what the policy asks for; "none"
    std::string header_from;
    std::string envelope_from;
    std::string spf;          ///< "pass bounce.example.org"
    std::string dkim;         ///< "pass example.org/s1, fail ..."; empty: no signature
    std::string reporter;     ///< as it calls itself
    std::string sender;       ///< proven domain; empty: nobody is
    std::uint64_t count = 0;  ///< messages
    UnixMs begin = 0;
    UnixMs end = 0;
};

struct ReportTotals {
    std::uint64_t reports = 0;
    std::uint64_t unauthenticated = 0;  ///< of them
    std::uint64_t left_out = 0;         ///< records that the jail did not list
    std::uint64_t rows = 0;             ///< of all reports there are, whatever is asked for
    std::uint64_t unauthenticated_left_out = 0;  ///< of `left_out`
};

/// What is reported of one domain.
struct ReportedDomain {
    std::string domain;
    std::uint64_t count = 0;    ///< messages
    std::uint64_t aligned = 0;  ///< of them: SPF, DKIM or both
    std::uint64_t sources = 0;  ///< addresses
};

/// What all rows of a query add up to, whatever its limit.
struct ReportOverview {
    std::uint64_t count = 0;    ///< messages
    std::uint64_t aligned = 0;  ///< of them: SPF, DKIM or both
    std::uint64_t sums = 0;     ///< how many sums() has without a limit
    std::uint64_t domains = 0;
    std::vector<ReportedDomain> largest = {};  ///< most messages first
};

/// All functions may be called from any thread and any process, and block on the database.
class ReceivedReports {
public:
    explicit ReceivedReports(Database& database) : database_(database) {}

    /// Keeps a report once: known is one of the same sender, reporter, domain and id. Nobody can
    /// take the place of a report that comes from a proven sender: one without is known by itself,
    /// and goes when the proven one comes. At most `most` rows are kept in all, a report itself
    /// counting as one; for a proven report
    /// the oldest give way, unproven ones first, and an unproven report takes the place of nothing
    /// but unproven ones.
    [[nodiscard]] Outcome<ReportKept, StoreError> add(const analyzers::DmarcReport& report,
                                                      const ReportOrigin& origin,
                                                      std::uint64_t most);
    /// Most messages first.
    [[nodiscard]] Outcome<std::vector<ReportSum>, StoreError> sums(const ReportQuery& query) const;
    /// Of all reports that `query` could mean, authenticated or not.
    [[nodiscard]] Outcome<ReportTotals, StoreError> totals(const ReportQuery& query) const;
    /// Names at most `most_domains`. `failing` narrows `sums` only: a share needs all messages.
    [[nodiscard]] Outcome<ReportOverview, StoreError> overview(const ReportQuery& query,
                                                               std::size_t most_domains) const;
    /// Removes reports received before `before`; how many.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> forget(UnixMs before);

private:
    Database& database_;
};

}  // namespace postern::quarantine
