#include "gateway/transaction/report_row.hpp"

#include <algorithm>

namespace postern::transaction {
namespace {

using auth::DmarcPolicy;
using verdict::Action;

/// What was done, in the words of DMARC.
DmarcPolicy done(const Course& course, const smtp::Reply& reply) {
    if (reply.code / 100 == 5) return DmarcPolicy::Reject;
    const bool held = course.verdict && course.verdict->worst.action == Action::Quarantine;
    return held ? DmarcPolicy::Quarantine : DmarcPolicy::None;
}

}  // namespace

void count_for_report(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    reports::DmarcReports* reports = mail.visit->services.reports;
    if (reports == nullptr || !mail.evaluation || reply.code / 100 == 4) return;
    auth::dmarc::Evaluation evaluation = *mail.evaluation;
    // What other checks did to it is not DMARC's disposition.
    DmarcPolicy& disposition = evaluation.result.disposition;
    disposition = std::min(disposition, done(course, reply));
    const auto counted = auth::dmarc::reportable(evaluation, mail.facts.message->auth,
                                                 mail.client_ip(), mail.reverse_path());
    if (counted) reports->add(*counted);
}

}  // namespace postern::transaction
