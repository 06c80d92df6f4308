#include "gateway/transaction/report_row.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

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

/// DMARC's disposition, as far as it was followed: what other checks did to it is not told.
DmarcPolicy disposition_of(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    return std::min(mail.evaluation->result.disposition, done(course, reply));
}

/// What the client has heard, and what DMARC's own part was.
auth::dmarc::DeliveryResult delivery_of(const Mail& mail, const Course& course,
                                        const smtp::Reply& reply) {
    using auth::dmarc::DeliveryResult;
    if (reply.code / 100 == 5) return DeliveryResult::Reject;
    const bool kept_back = disposition_of(mail, course, reply) != DmarcPolicy::None;
    return kept_back ? DeliveryResult::Policy : DeliveryResult::Delivered;
}

}  // namespace

void count_for_report(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    reports::DmarcReports* reports = mail.visit->services.reports;
    if (reports == nullptr || !mail.evaluation || reply.code / 100 == 4) return;
    auth::dmarc::Evaluation evaluation = *mail.evaluation;
    evaluation.result.disposition = disposition_of(mail, course, reply);
    const auto counted = auth::dmarc::reportable(evaluation, mail.facts.message->auth,
                                                 mail.client_ip(), mail.reverse_path());
    if (counted) reports->add(*counted);
}

void report_failure(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    reports::FailureReports* reports = mail.visit->services.failure_reports;
    if (reports == nullptr || !mail.evaluation || !mail.message || reply.code / 100 == 4) return;
    const auth::Results& results = mail.facts.message->auth;
    const auto failures = auth::dmarc::failures_to_report(*mail.evaluation, results);
    if (!failures) return;
    const mail::HeaderBlock header(mail.message->header);
    if (auth::dmarc::is_automatic(mail.reverse_path(), header)) return;
    auth::dmarc::FailedMessage made;
    made.id = mail.id.text();
    made.policy_domain = mail.evaluation->result.policy_domain;
    made.ruf = mail.evaluation->record->ruf;
    made.failures = *failures;
    made.results = results;
    made.client_ip = mail.client_ip();
    made.helo = mail.helo();
    made.reverse_path = mail.reverse_path();
    made.recipients = mail.forward_paths();
    made.delivery = delivery_of(mail, course, reply);
    made.arrival = std::time(nullptr);
    made.header = auth::dmarc::header_copy(mail.message->header, reports->settings().header_bytes);
    reports->add(std::move(made));
}

}  // namespace postern::transaction
