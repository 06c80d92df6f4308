#include "gateway/own_reports.hpp"

#include <utility>

namespace postern {
namespace {

std::string organization_of(const settings::Settings& all) {
    return all.auth.report_org.empty() ? all.smtp.hostname : all.auth.report_org;
}

reports::ReportSettings aggregate_settings(const settings::Settings& all) {
    reports::ReportSettings made;
    made.hostname = all.smtp.hostname;
    made.organization = organization_of(all);
    made.from = all.auth.report_from;
    made.interval = all.auth.report_interval;
    made.most_rows = all.auth.report_rows;
    made.most_bytes = all.auth.report_size;
    return made;
}

reports::FailureReportSettings failure_settings(const settings::Settings& all) {
    reports::FailureReportSettings made;
    made.hostname = all.smtp.hostname;
    made.authserv_id = all.auth.authserv_id.empty() ? all.smtp.hostname : all.auth.authserv_id;
    made.organization = organization_of(all);
    made.from = all.auth.report_from;
    made.most_per_domain = all.auth.failure_reports_per_domain;
    made.most_per_hour = all.auth.failure_reports_per_hour;
    made.most_waiting = all.auth.failure_reports_waiting;
    made.header_bytes = all.auth.failure_report_header;
    return made;
}

}  // namespace

OwnReports::OwnReports(const settings::Settings& settings, quarantine::Store& store,
                       dns::Resolver& resolver, const auth::OutgoingSigner& signer,
                       observe::Log& log) {
    if (settings.auth.aggregate_reports) {
        aggregate_ = std::make_unique<reports::DmarcReports>(store, resolver, signer, log,
                                                             aggregate_settings(settings));
    }
    if (settings.auth.failure_reports) {
        failure_ = std::make_unique<reports::FailureReports>(store, resolver, signer, log,
                                                             failure_settings(settings));
    }
}

void OwnReports::start() {
    if (aggregate_) aggregate_->start();
    if (failure_) failure_->start();
}

void OwnReports::hand_over() {
    if (aggregate_) aggregate_->stop();
}

void OwnReports::finish() {
    if (aggregate_) (void)aggregate_->flush();
    if (failure_) failure_->stop();
}

}  // namespace postern
