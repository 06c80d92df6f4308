#pragma once

/// @file The DMARC reports that this gateway sends, as [auth] has them.

#include <memory>

#include "gateway/reports/dmarc_reports.hpp"
#include "gateway/reports/failure_reports.hpp"
#include "gateway/settings/settings.hpp"

namespace postern {

class OwnReports {
public:
    /// All references but `settings` must outlive this.
    OwnReports(const settings::Settings& settings, quarantine::Store& store,
               dns::Resolver& resolver, const auth::OutgoingSigner& signer, observe::Log& log);

    /// Null: [auth].aggregate_reports is off.
    [[nodiscard]] reports::DmarcReports* aggregate() { return aggregate_.get(); }
    /// Null: [auth].failure_reports is off.
    [[nodiscard]] reports::FailureReports* failure() { return failure_.get(); }

    void start();
    /// A new process may send the aggregate reports now; what still comes is counted.
    void hand_over();
    /// No message comes any more.
    void finish();

private:
    std::unique_ptr<reports::DmarcReports> aggregate_;
    std::unique_ptr<reports::FailureReports> failure_;
};

}  // namespace postern
